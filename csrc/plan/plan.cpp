#include "plan/plan.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "parallel/pipeline/plan_layout.h"
#include "train/inputs.h"
#include "train/precision.h"

namespace echelon::plan {
namespace {

constexpr int kRepetitions = 5;

parallel::Grid make_grid(const train::TrainSettings& settings, int ranks) {
  const int64_t pipeline = settings.parallel.pipeline;
  return parallel::make_grid(ranks > 0 ? ranks : static_cast<int>(pipeline), pipeline);
}

bool chooses_schedule(const train::TrainSettings& settings) {
  return settings.parallel.pipeline > 1 &&
         std::holds_alternative<parallel::AutoSchedule>(settings.parallel.schedule);
}

/// As `echelon train` lays it out; TooFullError as there.
parallel::PipelineLayout lay_out(const train::TrainSettings& settings, const parallel::Grid& grid,
                                 const parallel::BatchPlan& batch, Profile& profile) {
  if (grid.pipeline == 1)
    return parallel::one_rank_layout(profile.spec(), settings.parallel, batch.micro_steps);
  const auto recomputed = parallel::recomputed_layers(profile.spec(), settings.parallel.recompute);
  return parallel::plan_layout(profile.spec(), settings.parallel, batch.micro_steps,
                               profile.estimated_costs(batch.micro_batch, recomputed),
                               profile.described_job_shape(settings, grid));
}

/// Throws TooFullError where a rank needs more memory than it has.
parallel::PlannedSchedule plan_pipeline(const train::TrainSettings& settings, const parallel::Grid& grid,
                                        const parallel::BatchPlan& batch, Profile& profile) {
  parallel::PipelineLayout layout = lay_out(settings, grid, batch, profile);
  return parallel::plan_that_fits({layout.schedule_settings, std::move(layout.schedule), {}},
                                  profile.costs(batch.micro_batch, layout.recomputed),
                                  profile.job_shape(settings, grid), layout.first_layers);
}

/// Settings that differ in one thing, as one writes it on the command line.
struct Change {
  std::string text;
  train::TrainSettings settings;
};

std::vector<Change> single_changes(const train::TrainSettings& settings, const parallel::BatchPlan& batch,
                                   const parallel::Grid& grid) {
  std::vector<Change> changes;
  const auto add = [&](std::string text) -> train::TrainSettings& {
    changes.push_back({std::move(text), settings});
    return changes.back().settings;
  };
  for (int64_t micro = batch.micro_batch - 1; micro >= 1; --micro) {
    if (batch.micro_batch % micro == 0) add(str_format("micro_batch={}", micro)).micro_batch = micro;
  }
  if (settings.parallel.recompute.front() != "full")
    add("parallel.recompute=full").parallel.recompute = {"full"};
  if (grid.replicas > 1 && !settings.parallel.shard_optimizer)
    add("parallel.shard_optimizer=true").parallel.shard_optimizer = true;
  for (int pipeline = 2 * grid.pipeline; pipeline <= grid.ranks(); pipeline *= 2) {
    if (grid.ranks() % pipeline == 0)
      add(str_format("parallel.pipeline={}", pipeline)).parallel.pipeline = pipeline;
  }
  return changes;
}

/// Of each setting the first change that fits.
std::vector<std::string> changes_that_fit(const train::TrainSettings& settings,
                                          const parallel::BatchPlan& batch, const parallel::Grid& grid,
                                          Profile& profile) {
  std::vector<std::string> fitting;
  std::string last_key;
  for (const auto& [text, changed] : single_changes(settings, batch, grid)) {
    const std::string key = text.substr(0, text.find('='));
    if (key == last_key) continue;
    try {
      const parallel::Grid changed_grid = make_grid(changed, grid.ranks());
      plan_pipeline(changed, changed_grid,
                    parallel::plan_batch(changed.global_batch, changed.micro_batch, changed_grid), profile);
      fitting.push_back(text);
      last_key = key;
    } catch (const ConfigError&) {
      continue;  // not a valid change
    }
  }
  return fitting;
}

/// The problem, and what would be enough.
std::string with_way_out(std::string problem, const train::TrainSettings& settings,
                         const parallel::BatchPlan& batch, const parallel::Grid& grid, Profile& profile) {
  const std::vector<std::string> fitting = changes_that_fit(settings, batch, grid, profile);
  problem += fitting.empty() ? "; none of these alone is enough: try echelon plan --search, or more ranks"
                             : str_format("; enough is {}", join_or(fitting));
  if (profile.crowd())
    problem +=
        "; hardware: measured takes all ranks to be on this machine, describe a cluster with hardware: h100 "
        "or the like";
  return problem;
}

void describe_model(const train::TrainSettings& settings, const parallel::ModelCosts& costs, Plan& plan) {
  plan.family = models::family_of(settings.model);
  if (const auto* text = std::get_if<data::TextSettings>(&settings.data))
    plan.tokens_per_sample = text->sequence_length;
  for (const parallel::LayerCost& layer : costs.layers) {
    plan.layer_names.push_back(layer.name);
    plan.parameters += layer.parameters;
    plan.flops += layer.forward_flops + layer.input_flops + layer.weight_flops;
    if (!layer.splits && layer.parameters > 0) plan.unsplit.push_back(layer.name);
  }
  const auto size = static_cast<int64_t>(at::elementSize(train::storage_type(settings.precision)));
  for (const parallel::TiedLayers& tie : plan.job.ties) plan.parameters -= tie.bytes / size;
  if (!plan.schedule.stages.splits_backward) plan.unsplit.clear();
}

}  // namespace

Plan make_plan(const train::TrainSettings& given, const PlanRequest& request) {
  const train::TrainSettings settings = train::with_inputs_of_data(given);
  const parallel::Grid grid = make_grid(settings, request.ranks);
  const auto batch = parallel::plan_batch(settings.global_batch, settings.micro_batch, grid);
  Profile profile(settings, grid.ranks(), request.memory_bytes, kRepetitions);
  Plan plan{.name = request.name,
            .job = profile.job_shape(settings, grid),
            .batch = batch,
            .precision = train::precision_name(settings.precision),
            .crowd = profile.crowd(),
            .chosen = chooses_schedule(settings)};
  try {
    plan.schedule = plan_pipeline(settings, grid, batch, profile);
  } catch (const parallel::TooFullError& error) {
    throw parallel::TooFullError(with_way_out(error.what(), settings, batch, grid, profile));
  }
  const auto recomputed = parallel::recomputed_layers(profile.spec(), settings.parallel.recompute);
  const parallel::ModelCosts& costs = profile.costs(batch.micro_batch, recomputed);
  describe_model(settings, costs, plan);
  plan.stages = stage_rows(plan.schedule, costs);
  plan.links = link_rows(plan.schedule, costs, plan.job);
  plan.reductions = reduction_rows(plan.schedule, costs, plan.job);
  plan.shares = time_shares(plan.schedule, plan.job);
  plan.limit = describe_limit(plan.shares, is_arithmetic_bound(costs, plan.job.hardware));
  return plan;
}

}  // namespace echelon::plan
