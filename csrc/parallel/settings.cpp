#include "parallel/settings.h"

#include "config/fields.h"

namespace echelon::parallel {

void describe(config::Fields<ParallelSettings>& f) {
  f.about("How gradients and statistics are kept equal among the ranks.");
  f.add("bucket_mb", &ParallelSettings::bucket_mb, "Size of a gradient bucket: what one all-reduce carries.")
      .unit("MiB")
      .above(0)
      .at_most(4096);
  f.add("first_bucket_mb", &ParallelSettings::first_bucket_mb,
        "Size of the first bucket to be full in backward; small, so that communication starts early.")
      .unit("MiB")
      .above(0)
      .at_most(4096);
  f.add("find_unused", &ParallelSettings::find_unused,
        "Treat parameters that took no part in a step as having a zero gradient, instead of stopping with an "
        "error.");
  f.add("sync_batch_norm", &ParallelSettings::sync_batch_norm,
        "Normalise with the statistics of the whole global batch rather than of each rank's part.");
}

}  // namespace echelon::parallel
