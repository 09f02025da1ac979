// How data are brought here.
#pragma once

#include <string>

#include "config/declare.h"
#include "storage/retry.h"

namespace echelon::storage {

struct CacheSettings {
  std::string folder;  ///< on a disk of this node; empty: default_cache_folder()
  double max_gb = 32;  ///< of all entries together, in 10^9 bytes
};
void describe(config::Fields<CacheSettings>& f);

/// $ECHELON_CACHE, else echelon-cache-USER-ID in $TMPDIR or /tmp.
std::string default_cache_folder();

void describe(config::Fields<RetryPolicy>& f);

struct StorageSettings {
  CacheSettings cache;
  RetryPolicy retry;
  double connect_timeout = 5;   ///< seconds
  double request_timeout = 20;  ///< seconds without a byte
};
void describe(config::Fields<StorageSettings>& f);

}  // namespace echelon::storage
