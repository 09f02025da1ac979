// Memory of tensors on the CPU, kept for reuse.
//
// A training step allocates and frees the same large blocks again and again. The C library returns such blocks to the system,
// and gets them back as fresh pages that fault one by one; or keeps them in a heap that fragments. This pool keeps them as
// they are, and asks the kernel for huge pages.
#pragma once

#include <cstddef>

namespace echelon::nn {

/// Makes LibTorch take CPU tensors of half a MiB and more from the pool from now on, until the process ends. Call it before the
/// first large tensor; more calls do nothing. Thread-safe.
void install_memory_pool();

struct MemoryPoolUse {
  size_t in_use = 0;  ///< bytes of blocks that tensors hold
  size_t kept = 0;    ///< bytes of blocks that wait for reuse; never so many that the sum exceeds the largest in_use by
                      ///< more than the block that was asked for last
};
MemoryPoolUse memory_pool_use();

}  // namespace echelon::nn
