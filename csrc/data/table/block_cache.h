// Encoded blocks of tables, as many as a bound of memory holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "table/encoder.h"

namespace echelon::data {

struct CachedBlock {
  table::EncodedRows rows;
  std::string failure;  ///< why none of its rows can be read; empty: they can
};

/// Thread-safe. Of threads that want the same block one makes it and the others wait; blocks that nobody used
/// for longest go first. What threads hold or make does not count as kept, so memory goes beyond the bound by
/// a block a thread.
class BlockCache {
 public:
  using Block = std::shared_ptr<const CachedBlock>;
  /// `make` is called by get(); what it throws, get() throws, and the next get() tries again.
  BlockCache(size_t blocks, int64_t capacity_bytes, std::function<Block(size_t)> make);

  Block get(size_t block);
  /// How many blocks were made so far, each time that they were.
  int64_t made() const;

 private:
  struct Entry {
    std::shared_future<Block> future;  ///< not valid: the block is not here
    std::list<size_t>::iterator place;
    int64_t bytes = 0;  ///< 0: in the making
  };

  Block make_block(size_t block, std::promise<Block>& promise);
  void keep(size_t block, int64_t bytes);
  void drop(size_t block);

  int64_t capacity_;
  std::function<Block(size_t)> make_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::list<size_t> by_use_;  ///< of blocks that are kept, the latest first
  int64_t bytes_ = 0;
  int64_t made_ = 0;
};

}  // namespace echelon::data
