#include "train/evaluation.h"

#include <span>

#include "comm/ledger.h"
#include "common/error.h"
#include "data/numbered_batches.h"
#include "nn/autocast.h"

namespace echelon::train {

/// The batches of this rank's replica, and what was counted where the last stage is.
class Evaluator::Work final : public parallel::InferenceWork {
 public:
  explicit Work(const Evaluator& owner)
      : owner_(owner), loader_(owner.dataset_, owner.options_), totals_(zero_totals(owner.options_.device)) {}

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
    const data::Batch taken = batches_.take(batch);
    totals_ += metric_sums(owner_.scoring_, predicted, taken.target, taken.targets);
  }

  /// The sums of metrics, and damaged samples.
  at::Tensor totals() const {
    const bool counts_skipped = owner_.runtime_.has_first_stage();
    const double skipped = counts_skipped ? static_cast<double>(loader_.skipped()) : 0.0;
    return at::cat({totals_.cpu(), at::tensor({skipped}, at::kDouble)});
  }

 private:
  static at::Tensor zero_totals(at::Device device) {
    return at::zeros({kMetricSums}, at::TensorOptions().dtype(at::kDouble).device(device));
  }

  const Evaluator& owner_;
  data::EvaluationLoader loader_;
  data::NumberedBatches<data::EvaluationLoader> batches_{loader_};
  at::Tensor totals_;
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

Metrics Evaluator::run() {
  ledger_note("evaluation");
  Work work(*this);
  runtime_.infer(work, work.batches());
  at::Tensor totals = work.totals();
  comm_.all_reduce(totals, Reduce::kSum, "evaluation totals")->wait();
  const std::span<const double> sums(totals.const_data_ptr<double>(), kMetricSums + 1);
  skipped_ = static_cast<int64_t>(sums.back());
  if (counted_targets(sums) == 0) throw DataError("the test data holds no usable sample; look at data.test");
  return metrics_of(scoring_, sums);
}

}  // namespace echelon::train
