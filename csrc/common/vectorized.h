// Plain loops that the compiler vectorises (the build gives their files -fopenmp-simd), in several versions
// of which the processor's best is chosen when the program starts.
#pragma once

// Sanitizers' run-time libraries are not ready yet when versions are chosen.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if __GNUC__ >= 12
#define ECHELON_VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else  // which does not choose by level yet
#define ECHELON_VECTORIZED __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#else
#define ECHELON_VECTORIZED
#endif
#define ECHELON_INLINE inline __attribute__((always_inline))
