#include "plan/rows.h"

namespace echelon::plan {

std::vector<StageRow> stage_rows(const parallel::PlannedSchedule& plan, const parallel::ModelCosts& costs) {
  std::vector<StageRow> rows;
  const std::vector<size_t>& first_layers = plan.stages.first_layers;
  for (size_t stage = 0; stage < first_layers.size(); ++stage) {
    const size_t end = schedule::end_of_stage(first_layers, stage, costs.layers.size());
    const schedule::StageCosts& cost = plan.costs.stages[stage];
    StageRow row{.stage = static_cast<int>(stage),
                 .place = plan.stages.rank_of_stage[stage],
                 .first_layer = first_layers[stage],
                 .last_layer = end - 1,
                 .forward = cost.forward,
                 .input = cost.input,
                 .weight = cost.weight};
    for (size_t i = row.first_layer; i < end; ++i) {
      row.parameters += costs.layers[i].parameters;
      row.parameter_bytes += costs.layers[i].parameter_bytes;
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<LinkRow> link_rows(const parallel::PlannedSchedule& plan, const parallel::ModelCosts& costs,
                               const parallel::JobShape& job) {
  std::vector<LinkRow> rows;
  for (size_t stage = 0; stage + 1 < plan.stages.first_layers.size(); ++stage) {
    const int place = plan.stages.rank_of_stage[stage], next = plan.stages.rank_of_stage[stage + 1];
    if (place == next) continue;
    const parallel::BoundaryCost& boundary = costs.boundaries[plan.stages.first_layers[stage + 1]];
    rows.push_back({.stage = static_cast<int>(stage),
                    .place = place,
                    .next_place = next,
                    .between_nodes = parallel::crosses_nodes(job, place, next),
                    .activation_bytes = boundary.activation_bytes,
                    .gradient_bytes = boundary.gradient_bytes,
                    .activation_seconds = plan.costs.stages[stage].send_activations,
                    .gradient_seconds = plan.costs.stages[stage + 1].send_gradients});
  }
  return rows;
}

std::vector<ReductionRow> reduction_rows(const parallel::PlannedSchedule& plan,
                                         const parallel::ModelCosts& costs, const parallel::JobShape& job) {
  if (job.grid.replicas == 1) return {};
  std::vector<ReductionRow> rows;
  const int node = job.hardware.devices_per_node, replicas = job.grid.replicas;
  for (int place = 0; place < job.grid.pipeline; ++place) {
    rows.push_back(
        {.place = place,
         .between_nodes = job.grid.rank(place, 0) / node != job.grid.rank(place, replicas - 1) / node});
  }
  for (const StageRow& stage : stage_rows(plan, costs)) {
    ReductionRow& row = rows[static_cast<size_t>(stage.place)];
    const auto cost = parallel::reduction_cost(job, stage.place, stage.parameter_bytes);
    row.bytes_sent += cost.bytes_sent;
    row.seconds += cost.seconds + cost.gather_seconds;
    row.visible_seconds += plan.costs.stages[static_cast<size_t>(stage.stage)].reduce + cost.gather_seconds;
  }
  return rows;
}

}  // namespace echelon::plan
