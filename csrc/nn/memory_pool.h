// Memory of tensors on the CPU, kept for reuse.
//
// A training step allocates and frees the same large blocks again and again. The C library returns such
// blocks to the system, and gets them back as fresh pages that fault one by one; or keeps them in a heap that
// fragments. This pool keeps them as they are, and asks the kernel for huge pages.
#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>

namespace echelon::nn {

/// Makes LibTorch take CPU tensors of half a MiB and more from the pool from now on, until the process ends.
/// Call it before the first large tensor; more calls do nothing. Thread-safe.
void install_memory_pool();

/// In bytes. A block is kept for reuse as long as in_use + kept stays within 17/16 of the most that was ever
/// in use.
struct MemoryPoolUse {
  size_t in_use = 0;  ///< blocks that tensors hold
  size_t kept = 0;    ///< blocks that wait for reuse
  size_t most = 0;    ///< largest in_use so far
};
MemoryPoolUse memory_pool_use();

/// What tensors on `device` may take without the process taking more from the system: kept by this pool on
/// the CPU, by LibTorch's allocator elsewhere. What is kept may not be in one piece.
int64_t reusable_bytes(c10::Device device);

}  // namespace echelon::nn
