#include "storage/settings.h"

#include "config/fields.h"

namespace echelon::storage {

void describe(config::Fields<CacheSettings>& f) {
  f.about("Copies of what lies in object stores, and unpacked compressed files, on a disk of each node.");
  f.add("folder", &CacheSettings::folder,
        "Where; not set: $ECHELON_CACHE, else a folder of the user in $TMPDIR or /tmp.");
  f.add("max_gb", &CacheSettings::max_gb,
        "Size of all copies together, of all jobs of the user on the node; the longest unused leave first.")
      .above(0)
      .at_most(1e9)
      .unit("GB");
}

void describe(config::Fields<RetryPolicy>& f) {
  f.about("Further attempts where an object store fails for now. The pause doubles from attempt to attempt.");
  f.add("attempts", &RetryPolicy::attempts, "How many in all.").range(1, 1000);
  f.add("time_limit", &RetryPolicy::time_limit, "No further attempt starts later than this after the first.")
      .at_least(0)
      .unit("seconds");
}

void describe(config::Fields<StorageSettings>& f) {
  f.about("Data in object stores (s3://, gs://), and compressed data.");
  f.add("cache", &StorageSettings::cache, "Local copies.");
  f.add("retry", &StorageSettings::retry, "What happens when a store fails.");
  f.add("connect_timeout", &StorageSettings::connect_timeout, "How long connecting to a store may take.")
      .above(0)
      .unit("seconds");
  f.add("request_timeout", &StorageSettings::request_timeout, "How long a store may send nothing.")
      .above(0)
      .unit("seconds");
}

}  // namespace echelon::storage
