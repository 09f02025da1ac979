// How data are brought here.
#pragma once

#include <cstdint>
#include <string>

#include "storage/retry.h"

namespace echelon::storage {

struct CacheSettings {
  std::string folder;                     ///< on a disk of this node; empty: default_cache_folder()
  int64_t max_bytes = int64_t{32} << 30;  ///< of all entries together
};

/// $ECHELON_CACHE, else echelon-cache-USER-ID in $TMPDIR or /tmp.
std::string default_cache_folder();

struct StorageSettings {
  CacheSettings cache;
  RetryPolicy retry;
  double connect_timeout = 5;   ///< seconds
  double request_timeout = 20;  ///< seconds without a byte
};

}  // namespace echelon::storage
