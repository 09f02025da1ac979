#include "train/evaluation.h"

#include <span>

#include "comm/ledger.h"
#include "common/error.h"
#include "data/numbered_batches.h"
#include "nn/autocast.h"

namespace echelon::train {

/// The batches of this rank's replica.
class Evaluator::Work final : public parallel::InferenceWork {
 public:
  Work(const Evaluator& owner, const Use& use)
      : owner_(owner), use_(use), loader_(owner.dataset_, owner.options_) {}

  /// Every rank of a replica goes through the same batches; those without first and last stage load none.
  int64_t batches() const { return loader_.batches(); }

  std::optional<nn::Activations> inputs(int64_t batch) override {
    data::Batch& loaded = batches_.at(batch);
    const bool empty = loaded.samples == 0;
    nn::Activations inputs = std::move(loaded.inputs);
    if (!owner_.runtime_.has_last_stage()) batches_.take(batch);
    if (empty) return std::nullopt;
    return inputs;
  }

  nn::Activations forward(size_t part, nn::Activations inputs, int64_t) override {
    const nn::AutocastScope autocast(autocast_type(owner_.precision_), owner_.options_.device);
    return owner_.model_.forward(part, std::move(inputs), {.training = false});
  }

  void outputs(const nn::Activations& outputs, int64_t batch) override {
    const nn::AutocastScope autocast(autocast_type(owner_.precision_), owner_.options_.device);
    const at::Tensor& predicted = outputs.at(owner_.model_.spec().outputs.front());
    use_(predicted, batches_.take(batch));
  }

  int64_t skipped() const { return owner_.runtime_.has_first_stage() ? loader_.skipped() : 0; }

 private:
  const Evaluator& owner_;
  const Use& use_;
  data::EvaluationLoader loader_;
  data::NumberedBatches<data::EvaluationLoader> batches_{loader_};
};

Evaluator::Evaluator(nn::LayeredModel& model, parallel::PipelineRuntime& runtime, Communicator& comm,
                     std::shared_ptr<const data::Dataset> dataset, data::LoaderOptions options,
                     Precision precision, Scoring scoring)
    : model_(model),
      runtime_(runtime),
      comm_(comm),
      dataset_(std::move(dataset)),
      options_(std::move(options)),
      precision_(precision),
      scoring_(scoring) {}

int64_t Evaluator::pass(const Use& use) {
  ledger_note("evaluation");
  Work work(*this, use);
  runtime_.infer(work, work.batches());
  return work.skipped();
}

Metrics Evaluator::run() {
  at::Tensor of_batches =
      at::zeros({kMetricSums}, at::TensorOptions().dtype(at::kDouble).device(options_.device));
  const int64_t skipped = pass([&](const at::Tensor& outputs, const data::Batch& batch) {
    of_batches += metric_sums(scoring_, outputs, batch.target, batch.targets);
  });
  at::Tensor totals = at::cat({of_batches.cpu(), at::tensor({static_cast<double>(skipped)}, at::kDouble)});
  comm_.all_reduce(totals, Reduce::kSum, "evaluation totals")->wait();
  const std::span<const double> sums(totals.const_data_ptr<double>(), kMetricSums + 1);
  skipped_ = static_cast<int64_t>(sums.back());
  if (counted_targets(sums) == 0) throw DataError("the test data holds no usable sample; look at data.test");
  return metrics_of(scoring_, sums);
}

}  // namespace echelon::train
