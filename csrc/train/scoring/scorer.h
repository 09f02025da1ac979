// From a model's outputs to an EvaluationReport, batch by batch and then over all ranks, to the same bits
// however samples are spread over ranks.
#pragma once

#include <memory>

#include "comm/communicator.h"
#include "data/dataset.h"
#include "train/metrics.h"
#include "train/report/evaluation_report.h"

namespace echelon::train {

/// What is kept of one kind of prediction. Memory: sums, and of each sample of this rank what kMostScores
/// allows.
class Scorer {
 public:
  virtual ~Scorer() = default;
  /// Throws NotFiniteError that names the sample whose outputs are not finite; DataError for a class that the
  /// model does not have.
  virtual void add(const at::Tensor& outputs, const data::Batch& batch) = 0;
  /// Puts what all ranks have seen into `report`, which is complete on rank 0; metrics that are sums are the
  /// same on all. Collective. Throws DataError, on every rank, where no sample was seen.
  virtual void finish(Communicator& comm, EvaluationReport& report) = 0;
};

/// Numbers that are kept of single samples, over all ranks: scores for curves, residuals for their histogram.
/// Of larger data these are left out.
constexpr int64_t kMostScores = int64_t{1} << 26;

struct ScorerOptions {
  Scoring scoring;
  int64_t classes = 0;  ///< or vocabulary
  int64_t samples = 0;  ///< of the data
  int64_t most_scores = kMostScores;
};

std::unique_ptr<Scorer> make_scorer(const ScorerOptions& options);
std::unique_ptr<Scorer> make_class_scorer(const ScorerOptions& options);
std::unique_ptr<Scorer> make_number_scorer(const ScorerOptions& options);
std::unique_ptr<Scorer> make_text_scorer(const ScorerOptions& options);

/// `outputs`: [samples, …]. Throws NotFiniteError that names the first sample whose outputs are not finite.
void require_finite(const at::Tensor& outputs, const data::Batch& batch);

}  // namespace echelon::train
