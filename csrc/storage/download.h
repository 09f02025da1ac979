// A distant file into the cache.
#pragma once

#include "storage/cache/local_cache.h"

namespace echelon::storage {

/// Reads `distant` in ranges, several at once, into `writer`, and compares its MD5 where the store tells it.
/// Throws TransientError when that differs, and what reading throws.
void download(const RandomAccessFile& distant, CacheWriter& writer);

}  // namespace echelon::storage
