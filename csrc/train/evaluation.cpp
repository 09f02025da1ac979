#include "train/evaluation.h"

#include <c10/core/GradMode.h>

#include <cmath>

#include "comm/ledger.h"
#include "common/error.h"
#include "nn/loss.h"

namespace echelon::train {

Evaluator::Evaluator(nn::LayeredModel& model, Communicator& comm,
                     std::shared_ptr<const data::Dataset> dataset, data::LoaderOptions options,
                     Precision precision, bool language_model)
    : model_(model),
      comm_(comm),
      dataset_(std::move(dataset)),
      options_(std::move(options)),
      precision_(precision),
      language_model_(language_model) {}

Metrics Evaluator::run() {
  ledger_note("evaluation");
  const c10::NoGradGuard no_grad;
  const AutocastScope autocast(precision_, options_.device);
  data::EvaluationLoader loader(dataset_, options_);
  at::Tensor totals = at::zeros({3}, at::TensorOptions().dtype(at::kDouble).device(options_.device));
  int64_t targets = 0;
  while (auto batch = loader.next()) {
    const nn::Activations outputs = model_.forward(std::move(batch->inputs), {.training = false});
    const at::Tensor& logits = outputs.at(model_.spec().outputs.front());
    const nn::LossSum loss = nn::cross_entropy(logits, batch->target);
    const nn::CorrectCounts correct = nn::count_correct(logits, batch->target);
    targets += loss.count;
    totals +=
        at::stack({loss.sum.to(at::kDouble), correct.top1.to(at::kDouble), correct.top5.to(at::kDouble)});
  }
  totals =
      at::cat({totals.cpu(), at::tensor({static_cast<double>(targets), static_cast<double>(loader.skipped())},
                                        at::kDouble)});
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
