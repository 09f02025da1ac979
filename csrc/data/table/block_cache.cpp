#include "data/table/block_cache.h"

#include <algorithm>

namespace echelon::data {

BlockCache::BlockCache(size_t blocks, int64_t capacity_bytes, std::function<Block(size_t)> make)
    : capacity_(capacity_bytes), make_(std::move(make)), entries_(blocks) {}

BlockCache::Block BlockCache::get(size_t block) {
  std::promise<Block> promise;
  std::shared_future<Block> future;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[block];
    if (entry.future.valid()) {
      future = entry.future;
      if (entry.bytes > 0) by_use_.splice(by_use_.begin(), by_use_, entry.place);
    } else {
      entry.future = promise.get_future().share();
    }
  }
  return future.valid() ? future.get() : make_block(block, promise);
}

BlockCache::Block BlockCache::make_block(size_t block, std::promise<Block>& promise) {
  try {
    Block made = make_(block);
    constexpr int64_t kOverhead = 256;
    keep(block, made->rows.bytes() + kOverhead);
    promise.set_value(made);
    return made;
  } catch (...) {
    drop(block);
    promise.set_exception(std::current_exception());
    throw;
  }
}

void BlockCache::keep(size_t block, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  ++made_;
  by_use_.push_front(block);
  entries_[block].place = by_use_.begin();
  entries_[block].bytes = bytes;
  bytes_ += bytes;
  while (bytes_ > capacity_ && by_use_.size() > 1) {
    Entry& oldest = entries_[by_use_.back()];
    by_use_.pop_back();
    bytes_ -= oldest.bytes;
    oldest = {};
  }
}

void BlockCache::drop(size_t block) {
  const std::lock_guard lock(mutex_);
  entries_[block] = {};
}

int64_t BlockCache::made() const {
  const std::lock_guard lock(mutex_);
  return made_;
}

}  // namespace echelon::data
