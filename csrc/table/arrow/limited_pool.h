// Memory for reading one block, which a damaged file, or a bomb, may ask any amount of.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>

namespace echelon::table {

/// Allocations that would come to more than the limit, those of this pool together, fail as out of memory.
class LimitedPool {
 public:
  explicit LimitedPool(int64_t max_bytes)
      : counted_(arrow::default_memory_pool()), limited_(&counted_, max_bytes) {}

  arrow::MemoryPool* get() { return &limited_; }

 private:
  arrow::ProxyMemoryPool counted_;
  arrow::CappedMemoryPool limited_;
};

}  // namespace echelon::table
