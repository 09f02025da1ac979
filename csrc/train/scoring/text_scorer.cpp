#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "train/scoring/exchange.h"
#include "train/scoring/scorer.h"
#include "train/scoring/worst_samples.h"

namespace echelon::train {
namespace {

/// Logits that are looked at together: what that takes is bounded whatever the vocabulary is.
constexpr int64_t kLogitsAtOnce = int64_t{1} << 25;

class TextScorer final : public Scorer {
 public:
  explicit TextScorer(const ScorerOptions& options) : vocabulary_(options.classes) {}

  void add(const at::Tensor& outputs, const data::Batch& batch) override {
    if (batch.samples == 0) return;
    const at::Tensor logits = outputs.detach().reshape({-1, vocabulary_});
    const at::Tensor targets = batch.target.reshape({-1});
    const at::Tensor wanted = targets.ge(0).nonzero().squeeze(1);
    std::vector<double> losses;
    const int64_t step = std::max<int64_t>(1, kLogitsAtOnce / vocabulary_);
    for (int64_t from = 0; from < wanted.numel(); from += step) {
      const at::Tensor rows = wanted.slice(0, from, std::min(wanted.numel(), from + step));
      add_rows(logits.index_select(0, rows), targets.index_select(0, rows), losses);
    }
    if (!std::ranges::all_of(losses, [](double loss) { return std::isfinite(loss); })) {
      require_finite(outputs, batch);
      throw NotFiniteError(
          "a loss of the test data is not finite; take another checkpoint, or a wider precision");
    }
    add_samples(wanted.cpu(), losses, batch);
  }

  void finish(Communicator& comm, EvaluationReport& report) override {
    sum_over_ranks(comm, counts_, "counts of targets");
    sum_over_ranks(comm, {&loss_, 1}, "losses");
    report.samples = counts_[kSamples];
    report.targets = counts_[kTargets];
    if (report.targets == 0) throw DataError("the test data holds no usable sample; look at data.test");
    report.worst = worst_.gather(comm);
    const auto count = static_cast<double>(report.targets);
    const double loss = loss_.value() / count;
    report.metrics = {{"loss", loss},
                      {"perplexity", std::exp(loss)},
                      {"accuracy", static_cast<double>(counts_[kTop1]) / count},
                      {"accuracy_top5", static_cast<double>(counts_[kTop5]) / count}};
  }

 private:
  enum Count : size_t { kSamples, kTargets, kTop1, kTop5, kCounts };

  void add_rows(const at::Tensor& logits, const at::Tensor& targets, std::vector<double>& losses) {
    const at::Tensor scores = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
    const at::Tensor of_targets = scores.gather(1, targets.unsqueeze(1)).squeeze(1);
    const at::Tensor loss = (scores.logsumexp({1}).to(at::kDouble) - of_targets.to(at::kDouble)).cpu();
    const auto* values = loss.const_data_ptr<double>();
    losses.insert(losses.end(), values, values + loss.numel());
    const nn::CorrectCounts correct = nn::count_correct(scores, targets);
    counts_[kTop1] += correct.top1.item<int64_t>();
    counts_[kTop5] += correct.top5.item<int64_t>();
  }

  /// `places`: of the targets, in order, in the flattened batch.
  void add_samples(const at::Tensor& places, const std::vector<double>& losses, const data::Batch& batch) {
    const size_t samples = batch.indices.size();
    const int64_t targets_a_sample = batch.target.numel() / static_cast<int64_t>(samples);
    std::vector<double> sums(samples);
    std::vector<int64_t> numbers(samples);
    for (size_t i = 0; i < losses.size(); ++i) {
      const auto sample = static_cast<size_t>(places.const_data_ptr<int64_t>()[i] / targets_a_sample);
      loss_.add(losses[i]);
      sums[sample] += losses[i];
      ++numbers[sample];
    }
    for (size_t i = 0; i < samples; ++i) {
      if (numbers[i] > 0)
        worst_.add({.index = batch.indices[i], .loss = sums[i] / static_cast<double>(numbers[i])});
    }
    counts_[kSamples] += static_cast<int64_t>(samples);
    counts_[kTargets] += static_cast<int64_t>(losses.size());
  }

  int64_t vocabulary_;
  metrics::ExactSum loss_;
  std::array<int64_t, kCounts> counts_{};
  WorstSamples worst_;
};

}  // namespace

std::unique_ptr<Scorer> make_text_scorer(const ScorerOptions& options) {
  return std::make_unique<TextScorer>(options);
}

}  // namespace echelon::train
