#include "train/job_costs.h"

#include "parallel/pipeline/plan_layout.h"
#include "train/loss.h"
#include "train/precision.h"
#include "train/sample_shapes.h"

namespace echelon::train {

parallel::NumberFormat number_format(Precision precision) {
  if (precision == Precision::kFloat64) return parallel::NumberFormat::kFloat64;
  return precision == Precision::kBfloat16 ? parallel::NumberFormat::kBfloat16
                                           : parallel::NumberFormat::kFloat32;
}

parallel::CostOptions cost_options(const TrainSettings& settings, std::vector<bool> recomputed) {
  const bool narrow = settings.precision == Precision::kBfloat16;
  return {.storage = storage_type(settings.precision),
          .autocast = narrow ? std::optional<at::ScalarType>(at::kBFloat16) : std::nullopt,
          .loss = loss_options(settings),
          .recomputed = std::move(recomputed)};
}

parallel::JobShape job_shape(const TrainSettings& settings, const nn::ModelSpec& spec,
                             const parallel::Grid& grid, const parallel::Hardware& hardware) {
  constexpr double kMebibyte = 1 << 20;
  return {
      .grid = grid,
      .hardware = hardware,
      .memory = {.state_tensors = parallel::state_tensors(settings.optimizer),
                 .weight_average = settings.ema_decay.has_value(),
                 .replicas = grid.replicas,
                 .shard_optimizer = settings.parallel.shard_optimizer && grid.replicas > 1},
      .optimizer_traffic = parallel::optimizer_traffic(settings.optimizer, settings.ema_decay.has_value()),
      .bucket_bytes = static_cast<int64_t>(settings.parallel.bucket_mb * kMebibyte),
      .ties = parallel::tied_layers(spec, storage_type(settings.precision))};
}

parallel::PipelineLayout plan_layout(const TrainSettings& settings, const nn::ModelSpec& spec,
                                     const parallel::Grid& grid, const parallel::BatchPlan& batch,
                                     int64_t memory_bytes) {
  if (grid.pipeline == 1) return parallel::one_rank_layout(spec, settings.parallel, batch.micro_steps);
  parallel::Hardware hardware =
      parallel::make_hardware(settings.hardware, number_format(settings.precision), grid.ranks());
  hardware.memory_bytes = memory_bytes;
  const SampleBatch sample = make_sample_batch(settings, batch.micro_batch, at::Device(at::kMeta));
  parallel::ModelCosts costs = parallel::estimate_costs(
      spec, sample.inputs, sample.targets,
      cost_options(settings, parallel::recomputed_layers(spec, settings.parallel.recompute)));
  parallel::set_roofline_seconds(costs, hardware);
  return parallel::plan_layout(spec, settings.parallel, batch.micro_steps, costs,
                               job_shape(settings, spec, grid, hardware));
}

}  // namespace echelon::train
