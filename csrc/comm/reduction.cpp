#include "comm/reduction.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

// Accumulators of a tile stay in the first-level cache.
constexpr int64_t kTile = 2048;

template <class T>
using Accumulator = std::conditional_t<sizeof(T) == 2, float, T>;

struct Job {
  std::span<const std::byte* const> sources;
  std::span<std::byte* const> destinations;
  int64_t elements;
  double divisor;
};

template <class T>
const T* at(const std::byte* base, int64_t element) {
  return reinterpret_cast<const T*>(base) + element;
}
template <class T>
T* at(std::byte* base, int64_t element) {
  return reinterpret_cast<T*>(base) + element;
}

template <Reduce op, class A>
[[gnu::always_inline]] inline A combine(A a, A b) {
  if constexpr (op == Reduce::kMin || op == Reduce::kMax) {
    const bool take_b = op == Reduce::kMin ? b < a : a < b;
    if constexpr (std::is_floating_point_v<A>) return take_b || b != b ? (a != a ? a : b) : a;
    return take_b ? b : a;
  } else if constexpr (std::is_same_v<A, bool>) {
    return a || b;
  } else if constexpr (std::is_signed_v<A> && std::is_integral_v<A>) {  // wraps around, as in LibTorch
    return static_cast<A>(static_cast<std::make_unsigned_t<A>>(a) + static_cast<std::make_unsigned_t<A>>(b));
  } else {
    return static_cast<A>(a + b);
  }
}

/// The loops, inlined into one function for each instruction set below.
template <class T, Reduce op>
struct Loops {
  using A = Accumulator<T>;

  [[gnu::always_inline]] static inline void load(A* __restrict tile, const T* __restrict source, int64_t n) {
    for (int64_t i = 0; i < n; ++i) tile[i] = static_cast<A>(source[i]);
  }
  [[gnu::always_inline]] static inline void add(A* __restrict tile, const T* __restrict source, int64_t n) {
    for (int64_t i = 0; i < n; ++i) tile[i] = combine<op, A>(tile[i], static_cast<A>(source[i]));
  }
  [[gnu::always_inline]] static inline void first_two(A* __restrict tile, const T* __restrict a,
                                                      const T* __restrict b, int64_t n) {
    for (int64_t i = 0; i < n; ++i) tile[i] = combine<op, A>(static_cast<A>(a[i]), static_cast<A>(b[i]));
  }
  [[gnu::always_inline]] static inline void divide(A* tile, A divisor, int64_t n) {
    for (int64_t i = 0; i < n; ++i) tile[i] /= divisor;
  }
  [[gnu::always_inline]] static inline void store(T* __restrict to, const A* __restrict tile, int64_t n) {
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(tile[i]);
  }

  [[gnu::always_inline]] static inline void run(const Job& job) {
    alignas(64) A tile[kTile];
    const size_t sources = job.sources.size();
    for (int64_t begin = 0; begin < job.elements; begin += kTile) {
      const int64_t n = std::min(kTile, job.elements - begin);
      const T* first = at<T>(job.sources[0], begin);
      if (sources == 1)
        load(tile, first, n);
      else
        first_two(tile, first, at<T>(job.sources[1], begin), n);
      for (size_t s = 2; s < sources; ++s) add(tile, at<T>(job.sources[s], begin), n);
      if constexpr (op == Reduce::kMean && std::is_floating_point_v<A>)
        divide(tile, static_cast<A>(job.divisor), n);
      for (std::byte* destination : job.destinations) store(at<T>(destination, begin), tile, n);
    }
  }
};

#if defined(__x86_64__) && !defined(__clang__)
template <class Body>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"), gnu::flatten]] void run_avx512(
    const Job& job) {
  Body::run(job);
}
template <class Body>
[[gnu::target("avx2,fma,f16c"), gnu::flatten]] void run_avx2(const Job& job) {
  Body::run(job);
}
template <class Body>
void run_best(const Job& job) {
  static const bool avx512 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                             __builtin_cpu_supports("avx512dq");
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx512) return run_avx512<Body>(job);
  if (avx2) return run_avx2<Body>(job);
  Body::run(job);
}
#else
template <class Body>
void run_best(const Job& job) {
  Body::run(job);
}
#endif

template <class T>
void run_type(Reduce op, const Job& job) {
  switch (op) {
    case Reduce::kSum:
      return run_best<Loops<T, Reduce::kSum>>(job);
    case Reduce::kMin:
      return run_best<Loops<T, Reduce::kMin>>(job);
    case Reduce::kMax:
      return run_best<Loops<T, Reduce::kMax>>(job);
    case Reduce::kMean:
      if constexpr (std::is_floating_point_v<Accumulator<T>>) return run_best<Loops<T, Reduce::kMean>>(job);
      throw InternalError("the mean of integers is not an integer: reduce them with sum");
  }
}

}  // namespace

bool is_element_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
    case at::kDouble:
    case at::kHalf:
    case at::kBFloat16:
    case at::kInt:
    case at::kLong:
    case at::kByte:
    case at::kBool:
      return true;
    default:
      return false;
  }
}

const char* element_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "float32";
    case at::kDouble:
      return "float64";
    case at::kHalf:
      return "float16";
    case at::kBFloat16:
      return "bfloat16";
    case at::kInt:
      return "int32";
    case at::kLong:
      return "int64";
    case at::kByte:
      return "uint8";
    case at::kBool:
      return "bool";
    default:
      return c10::toString(type);
  }
}

void reduce_elements(at::ScalarType type, Reduce op, double divisor,
                     std::span<const std::byte* const> sources, std::span<std::byte* const> destinations,
                     int64_t elements) {
  const Job job{sources, destinations, elements, divisor};
  switch (type) {
    case at::kFloat:
      return run_type<float>(op, job);
    case at::kDouble:
      return run_type<double>(op, job);
    case at::kHalf:
      return run_type<c10::Half>(op, job);
    case at::kBFloat16:
      return run_type<c10::BFloat16>(op, job);
    case at::kInt:
      return run_type<int32_t>(op, job);
    case at::kLong:
      return run_type<int64_t>(op, job);
    case at::kByte:
      return run_type<uint8_t>(op, job);
    case at::kBool:
      return run_type<bool>(op, job);
    default:
      throw InternalError(str_format("cannot reduce elements of type {}", c10::toString(type)));
  }
}

}  // namespace echelon
