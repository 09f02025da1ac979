#include "train/training_step.h"

#include <array>
#include <optional>

#include "comm/ledger.h"
#include "common/clock.h"
#include "common/random.h"
#include "data/numbered_batches.h"
#include "nn/autocast.h"
#include "nn/loss.h"

namespace echelon::train {

/// The stages of this rank on the micro-batches of one step.
class TrainingStep::Work final : public parallel::StageWork {
 public:
  Work(TrainingStep& owner, data::TrainLoader* loader, int64_t step, const StepObserver& observer,
       bool reduce)
      : owner_(owner), options_(owner.options_), observer_(observer), reduce_(reduce) {
    if (loader != nullptr) batches_.emplace(*loader);
    key_ = derive_key(derive_key(options_.seed, "model"), static_cast<uint64_t>(step));
  }

  nn::Activations inputs(int64_t micro_batch) override { return std::move(batches_->at(micro_batch).inputs); }

  nn::Activations forward(size_t part, nn::Activations inputs, int64_t micro_batch) override {
    const nn::AutocastScope autocast(autocast_type(options_.precision), options_.device);
    const parallel::BatchPlan& plan = options_.plan;
    const int64_t first_sample = owner_.groups_.replica() * plan.per_replica + micro_batch * plan.micro_batch;
    const parallel::RankGroup replicas = owner_.groups_.replicas();
    const nn::Context context{.training = true,
                              .communicator = options_.sync_batch_norm ? &replicas.device : nullptr,
                              .random = {key_, first_sample * options_.rows_per_sample}};
    nn::LayerObserver observer;
    if (observer_) {
      observer = [&](size_t layer, at::TensorList outputs) { observer_(micro_batch, layer, outputs); };
    }
    return owner_.model_.forward(part, std::move(inputs), context, observer);
  }

  at::Tensor loss(const nn::Activations& outputs, int64_t micro_batch) override {
    const nn::AutocastScope autocast(autocast_type(options_.precision), options_.device);
    const data::Batch batch = batches_->take(micro_batch);
    const at::Tensor& predicted = outputs.at(owner_.model_.spec().outputs.front());
    targets_ += batch.targets;
    const at::Tensor sum = nn::loss_sum(predicted, batch.target, options_.loss,
                                        /*some_ignored=*/batch.targets < batch.all_targets());
    return sum / options_.targets();
  }

  int64_t targets() const { return targets_; }

  void begin_reduction(size_t part) override {
    if (reduce_) owner_.gradients_.begin_reduction(part);
  }
  bool use_idle_time() override { return owner_.weights_.prepare_one(); }
  bool reduces_in_backward() const override { return reduce_ && owner_.groups_.grid().replicas > 1; }

 private:
  TrainingStep& owner_;
  const StepOptions& options_;
  const StepObserver& observer_;
  bool reduce_;
  std::optional<data::NumberedBatches<data::TrainLoader>> batches_;
  uint64_t key_;
  int64_t targets_ = 0;
};

TrainingStep::TrainingStep(nn::LayeredModel& model, parallel::PipelineRuntime& runtime,
                           parallel::GridGroups& groups, parallel::ModelGradients& gradients,
                           parallel::StatisticsAverager& statistics, StepOptions options, Tracer* tracer)
    : model_(model),
      runtime_(runtime),
      groups_(groups),
      gradients_(gradients),
      statistics_(statistics),
      options_(std::move(options)),
      tracer_(tracer),
      weights_(options_.plan.micro_steps) {}

at::Tensor TrainingStep::train(Work& work) {
  std::optional<nn::SharedWeights::Scope> scope;  // one micro-batch has nobody to share with
  if (options_.plan.micro_steps > 1) scope.emplace(weights_);
  return runtime_.train(work);
}

OwnOutcome TrainingStep::run(data::TrainLoader* loader, int64_t step) {
  ledger_note(str_format("step {}", step));
  const StepObserver nobody;
  Work work(*this, loader, step, nobody, /*reduce=*/true);
  gradients_.begin_step();
  const at::Tensor loss = train(work);
  const double computed = steady_time();
  gradients_.finish_reduction();
  statistics_.average();
  if (tracer_ != nullptr) tracer_->add("reduction", computed, steady_time());
  return {.loss = loss.defined() ? loss.item<double>() : 0.0,
          .squared_norm = gradients_.squared_norm(),
          .targets = work.targets()};
}

PendingOutcome TrainingStep::agree(const OwnOutcome& own, bool stop_asked) {
  const std::array<double, 4> facts = {own.loss, stop_asked ? 1.0 : 0.0, own.squared_norm,
                                       static_cast<double>(own.targets)};
  const at::Tensor sums = at::tensor(facts, at::kDouble);
  return {sums, groups_.world().host.all_reduce(sums, Reduce::kSum, "loss and gradient norm")};
}

StepOutcome TrainingStep::finish(PendingOutcome pending) {
  const double start = steady_time();
  pending.work->wait();
  seconds_waited_ += steady_time() - start;
  if (tracer_ != nullptr) tracer_->add("agreement", start, steady_time());
  const double* sums = pending.sums.const_data_ptr<double>();
  const double factor = sums[3] > 0 ? options_.targets() / sums[3] : 1;
  return {.loss = sums[0] * factor,
          .gradient_norm = std::sqrt(sums[2]) * factor,
          .factor = factor,
          .stop_asked = sums[1] > 0};
}

void TrainingStep::repeat_alone(data::TrainLoader* loader, int64_t step, const StepObserver& observer) {
  Work work(*this, loader, step, observer, /*reduce=*/false);
  gradients_.begin_step();
  train(work);
  gradients_.finish_without_reduction();
}

}  // namespace echelon::train
