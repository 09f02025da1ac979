#include "parallel/batch_plan.h"

#include <vector>

#include "common/error.h"
#include "common/format.h"

namespace echelon::parallel {
namespace {

/// The nearest divisors of `whole` below and above `value`.
std::vector<std::string> nearest_divisors(int64_t whole, int64_t value) {
  std::vector<std::string> found;
  for (int64_t below = std::min(value, whole); below >= 1; --below) {
    if (whole % below == 0) {
      found.push_back(str_format("{}", below));
      break;
    }
  }
  for (int64_t above = value + 1; above <= whole; ++above) {
    if (whole % above == 0) {
      found.push_back(str_format("{}", above));
      break;
    }
  }
  return found;
}

std::vector<std::string> nearest_multiples(int64_t unit, int64_t value) {
  const int64_t below = value / unit * unit;
  if (below == 0) return {str_format("{}", unit)};
  return {str_format("{}", below), str_format("{}", below + unit)};
}

}  // namespace

std::string BatchPlan::describe(int ranks) const {
  return str_format("{} = {} rank{} × {} micro-batch{} × {} sample{}", global_batch, ranks,
                    ranks == 1 ? "" : "s", micro_steps, micro_steps == 1 ? "" : "es", micro_batch,
                    micro_batch == 1 ? "" : "s");
}

BatchPlan plan_batch(int64_t global_batch, std::optional<int64_t> micro_batch, int ranks) {
  if (global_batch % ranks != 0) {
    throw ConfigError(str_format("global_batch: {} does not divide among {} ranks; use {}, or {} ranks",
                                 global_batch, ranks, join_or(nearest_multiples(ranks, global_batch)),
                                 join_or(nearest_divisors(global_batch, ranks))));
  }
  const int64_t per_rank = global_batch / ranks;
  const int64_t micro = micro_batch.value_or(per_rank);
  if (per_rank % micro != 0) {
    throw ConfigError(str_format(
        "micro_batch: {} does not divide the {} samples that each of {} ranks has of global_batch {}; use {}",
        micro, per_rank, ranks, global_batch, join_or(nearest_divisors(per_rank, micro))));
  }
  return {global_batch, per_rank, micro, per_rank / micro};
}

}  // namespace echelon::parallel
