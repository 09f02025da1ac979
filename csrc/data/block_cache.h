// What was decoded of files that can only be decoded block by block, kept while it is used.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>

namespace echelon::data {

/// Blocks by number. Those used last are kept, as many as `max_bytes` hold, and always one. Thread-safe:
/// while one thread decodes a block, others that want it wait for it, and go on with other blocks.
template <class Block>
class BlockCache {
 public:
  struct Decoded {
    std::shared_ptr<const Block> block;
    int64_t bytes = 0;
  };
  using Decode = std::function<Decoded(int64_t number)>;

  BlockCache(int64_t max_bytes, Decode decode) : max_bytes_(max_bytes), decode_(std::move(decode)) {}

  /// Throws what decoding throws; the next who asks tries again.
  std::shared_ptr<const Block> get(int64_t number) const {
    const std::shared_ptr<Entry> entry = find(number);
    const std::lock_guard decoding(entry->decoding);
    if (!entry->decoded.block) {
      entry->decoded = decode_(number);
      make_room(*entry);
    }
    return entry->decoded.block;
  }

 private:
  struct Entry {
    std::mutex decoding;
    Decoded decoded;                   ///< under `decoding` until it is there, then never changed
    int64_t counted = 0;               ///< bytes, under mutex_
    std::list<int64_t>::iterator use;  ///< under mutex_
  };

  std::shared_ptr<Entry> find(int64_t number) const {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[number];
    if (entry) {
      recent_.splice(recent_.begin(), recent_, entry->use);
    } else {
      entry = std::make_shared<Entry>();
      entry->use = recent_.insert(recent_.begin(), number);
    }
    return entry;
  }

  void make_room(Entry& added) const {
    const std::lock_guard lock(mutex_);
    const auto own = entries_.find(*added.use);
    added.counted = added.decoded.bytes;
    bytes_ += added.counted;
    for (auto last = recent_.end(); bytes_ > max_bytes_ && last != recent_.begin();) {
      --last;
      const auto entry = entries_.find(*last);
      if (entry == own || entry->second->counted == 0) continue;  // those without a size are being decoded
      bytes_ -= entry->second->counted;
      entries_.erase(entry);
      last = recent_.erase(last);
    }
  }

  int64_t max_bytes_;
  Decode decode_;
  mutable std::mutex mutex_;
  mutable std::map<int64_t, std::shared_ptr<Entry>> entries_;
  mutable std::list<int64_t> recent_;  ///< numbers, the last used first
  mutable int64_t bytes_ = 0;
};

}  // namespace echelon::data
