// A distant file into the cache.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "storage/cache/local_cache.h"

namespace echelon::storage {

/// Reads `distant` in ranges, several at once, into `writer`. Throws what reading throws.
void download(const RandomAccessFile& distant, CacheWriter& writer);

/// Compares what came with the MD5 that the store tells, if it does. Thread-safe.
///
/// A store that encrypts with a key of the customer gives ETags that look like an MD5 and are none. So
/// content that comes the same twice is believed, and such ETags are no longer compared.
class ContentCheck {
 public:
  /// Throws TransientError when the content should be fetched again.
  void verify(const RandomAccessFile& distant, const CacheWriter& writer);

 private:
  std::mutex mutex_;
  bool tags_are_md5_ = true;
  std::map<std::string, std::string> seen_;  ///< MD5 of what came at first, by name
};

}  // namespace echelon::storage
