// How a job is spread over its ranks.
#pragma once

#include "config/declare.h"

namespace echelon::parallel {

struct ParallelSettings {
  double bucket_mb = 25;
  double first_bucket_mb = 1;
  bool find_unused = false;
  bool sync_batch_norm = false;
};
void describe(config::Fields<ParallelSettings>& f);

}  // namespace echelon::parallel
