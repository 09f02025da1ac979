#include "parallel/batch_plan.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "parallel/nearest.h"

namespace echelon::parallel {
namespace {

/// What a replica is called where each is one rank.
const char* replica_name(const Grid& grid) {
  return grid.pipeline == 1 ? "rank" : "replica";
}

/// The largest micro-batch that leaves at least 4·p passes, or the smallest one.
int64_t pipeline_micro_batch(int64_t per_replica, int pipeline) {
  for (int64_t micro = std::max<int64_t>(1, per_replica / (4 * pipeline)); micro > 1; --micro) {
    if (per_replica % micro == 0) return micro;
  }
  return 1;
}

/// Fewer micro-batches than ranks would leave some of them without work all the time.
void require_full_pipeline(int64_t per_replica, int64_t micro, const Grid& grid) {
  if (per_replica < grid.pipeline) {
    throw ConfigError(str_format(
        "global_batch: gives each replica {} sample{} a step, too few for the {} ranks of a pipeline; "
        "use at least {}",
        per_replica, per_replica == 1 ? "" : "s", grid.pipeline, grid.ranks()));
  }
  if (per_replica / micro >= grid.pipeline) return;
  int64_t largest = per_replica / grid.pipeline;
  while (per_replica % largest != 0) --largest;
  throw ConfigError(str_format(
      "micro_batch: {} leaves {} micro-batch{} a step, too few for the {} ranks of a pipeline; use {}{}",
      micro, per_replica / micro, per_replica / micro == 1 ? "" : "es", grid.pipeline, largest,
      largest == 1 ? "" : " or less"));
}

}  // namespace

std::string BatchPlan::describe(const Grid& grid) const {
  return str_format("{} = {} {}{} × {} micro-batch{} × {} sample{}", global_batch, grid.replicas,
                    replica_name(grid), grid.replicas == 1 ? "" : "s", micro_steps,
                    micro_steps == 1 ? "" : "es", micro_batch, micro_batch == 1 ? "" : "s");
}

BatchPlan plan_batch(int64_t global_batch, std::optional<int64_t> micro_batch, const Grid& grid) {
  const int replicas = grid.replicas;
  if (global_batch % replicas != 0) {
    throw ConfigError(str_format("global_batch: {} does not divide among {} {}s; use {}, or {} {}s",
                                 global_batch, replicas, replica_name(grid),
                                 join_or(nearest_multiples(replicas, global_batch)),
                                 join_or(nearest_divisors(global_batch, replicas)), replica_name(grid)));
  }
  const int64_t per_replica = global_batch / replicas;
  const int64_t automatic =
      grid.pipeline == 1 ? per_replica : pipeline_micro_batch(per_replica, grid.pipeline);
  const int64_t micro = micro_batch.value_or(automatic);
  if (per_replica % micro != 0) {
    throw ConfigError(str_format(
        "micro_batch: {} does not divide the {} samples that each of {} {}s has of global_batch {}; use {}",
        micro, per_replica, replicas, replica_name(grid), global_batch,
        join_or(nearest_divisors(per_replica, micro))));
  }
  require_full_pipeline(per_replica, micro, grid);
  return {global_batch, per_replica, micro, per_replica / micro};
}

}  // namespace echelon::parallel
