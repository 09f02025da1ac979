#include "train/training_step.h"

#include "comm/ledger.h"
#include "common/clock.h"
#include "common/random.h"
#include "nn/loss.h"

namespace echelon::train {

TrainingStep::TrainingStep(nn::LayeredModel& model, parallel::ReplicaGroup ranks,
                           parallel::GradientBuckets& buckets, parallel::StatisticsAverager& statistics,
                           StepOptions options)
    : model_(model),
      ranks_(ranks),
      buckets_(buckets),
      statistics_(statistics),
      options_(std::move(options)) {}

at::Tensor TrainingStep::loss(const data::Batch& batch, int64_t step, int64_t micro_step,
                              const nn::LayerObserver& observer) {
  const AutocastScope autocast(options_.precision, options_.device);
  const uint64_t key = derive_key(derive_key(options_.seed, "model"), static_cast<uint64_t>(step));
  const int64_t first_sample =
      ranks_.rank() * options_.plan.per_rank + micro_step * options_.plan.micro_batch;
  const nn::Context context{.training = true,
                            .communicator = options_.sync_batch_norm ? &ranks_.device : nullptr,
                            .random = {key, first_sample}};
  const nn::Activations outputs = model_.forward(batch.inputs, context, observer);
  const nn::LossSum loss =
      nn::cross_entropy(outputs.at(model_.spec().outputs.front()), batch.target, options_.label_smoothing);
  const int64_t global_count = loss.count / batch.samples * options_.plan.global_batch;
  return loss.sum / static_cast<double>(global_count);
}

StepOutcome TrainingStep::run(data::TrainLoader& loader, int64_t step, bool stop_asked) {
  ledger_note(str_format("step {}", step));
  at::Tensor total = at::zeros({2}, at::TensorOptions().dtype(at::kDouble));
  at::Tensor loss_sum;
  buckets_.begin_step();
  for (int64_t micro_step = 0; micro_step < options_.plan.micro_steps; ++micro_step) {
    const data::Batch batch = loader.next();
    const at::Tensor micro_loss = loss(batch, step, micro_step);
    if (micro_step + 1 == options_.plan.micro_steps) buckets_.begin_reduction();
    micro_loss.backward();
    const at::Tensor value = micro_loss.detach().to(at::kDouble);
    loss_sum = loss_sum.defined() ? loss_sum + value : value;
  }
  buckets_.finish_reduction();
  total[0] = loss_sum.item<double>();
  total[1] = stop_asked ? 1.0 : 0.0;
  const Stopwatch watch;
  statistics_.average();
  ranks_.host.all_reduce(total, Reduce::kSum, "loss")->wait();
  seconds_waited_ += watch.seconds();
  return {.loss = total[0].item<double>(), .stop_asked = total[1].item<double>() > 0};
}

}  // namespace echelon::train
