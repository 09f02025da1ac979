#include "train/evaluation.h"

#include <cmath>

#include "comm/ledger.h"
#include "common/error.h"
#include "data/numbered_batches.h"
#include "nn/autocast.h"
#include "nn/loss.h"

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
    const at::Tensor& logits = outputs.at(owner_.model_.spec().outputs.front());
    const data::Batch taken = batches_.take(batch);
    const bool some_ignored = taken.targets < taken.target.numel();
    const at::Tensor loss = nn::cross_entropy(logits, taken.target, /*label_smoothing=*/0, some_ignored);
    const nn::CorrectCounts correct = nn::count_correct(logits, taken.target, some_ignored);
    targets_ += taken.targets;
    totals_ += at::stack({loss.to(at::kDouble), correct.top1.to(at::kDouble), correct.top5.to(at::kDouble)});
  }

  /// Sums of loss, top-1 and top-5, targets, damaged samples.
  at::Tensor totals() const {
    const bool counts_skipped = owner_.runtime_.has_first_stage();
    return at::cat({totals_.cpu(), at::tensor({static_cast<double>(targets_),
                                               counts_skipped ? static_cast<double>(loader_.skipped()) : 0.0},
                                              at::kDouble)});
  }

 private:
  static at::Tensor zero_totals(at::Device device) {
    return at::zeros({3}, at::TensorOptions().dtype(at::kDouble).device(device));
  }

  const Evaluator& owner_;
  data::EvaluationLoader loader_;
  data::NumberedBatches<data::EvaluationLoader> batches_{loader_};
  at::Tensor totals_;
  int64_t targets_ = 0;
};

Evaluator::Evaluator(nn::LayeredModel& model, parallel::PipelineRuntime& runtime, Communicator& comm,
                     std::shared_ptr<const data::Dataset> dataset, data::LoaderOptions options,
                     Precision precision, bool language_model)
    : model_(model),
      runtime_(runtime),
      comm_(comm),
      dataset_(std::move(dataset)),
      options_(std::move(options)),
      precision_(precision),
      language_model_(language_model) {}

Metrics Evaluator::run() {
  ledger_note("evaluation");
  Work work(*this);
  runtime_.infer(work, work.batches());
  at::Tensor totals = work.totals();
  comm_.all_reduce(totals, Reduce::kSum, "evaluation totals")->wait();
  const double* total = totals.const_data_ptr<double>();
  skipped_ = static_cast<int64_t>(total[4]);
  const double count = total[3];
  if (count == 0) throw DataError("the test data holds no usable sample; look at data.test");
  Metrics metrics = {
      {"loss", total[0] / count}, {"accuracy", total[1] / count}, {"accuracy_top5", total[2] / count}};
  if (language_model_) metrics["perplexity"] = std::exp(metrics["loss"]);
  return metrics;
}

std::string to_string(const Metrics& metrics) {
  std::string text;
  for (const char* name : {"loss", "perplexity", "accuracy", "accuracy_top5"}) {
    const auto found = metrics.find(name);
    if (found == metrics.end()) continue;
    if (!text.empty()) text += ", ";
    const bool share = std::string_view(name).starts_with("accuracy");
    text += share ? str_format("{} {:.2f} %", name, found->second * 100)
                  : str_format("{} {:.4f}", name, found->second);
  }
  return text;
}

}  // namespace echelon::train
