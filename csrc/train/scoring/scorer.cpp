#include "train/scoring/scorer.h"

#include <ATen/ATen.h>

#include "common/error.h"
#include "common/format.h"

namespace echelon::train {

std::unique_ptr<Scorer> make_scorer(const ScorerOptions& options) {
  if (options.scoring.language_model) return make_text_scorer(options);
  return options.scoring.of_numbers() ? make_number_scorer(options) : make_class_scorer(options);
}

void require_finite(const at::Tensor& outputs, const data::Batch& batch) {
  const at::Tensor finite = at::isfinite(outputs).reshape({outputs.size(0), -1}).all(1).cpu();
  if (finite.all().item<bool>()) return;
  const auto row = static_cast<size_t>(finite.to(at::kLong).argmin().item<int64_t>());
  // A sample may have several rows (data::Dataset::rows_per_sample).
  const int64_t index = batch.indices.at(row < batch.indices.size() ? row : 0);
  throw NotFiniteError(
      str_format("the model's outputs for sample {} of the test data are not finite, so it cannot be scored; "
                 "take another "
                 "checkpoint, or a wider precision",
                 index));
}

}  // namespace echelon::train
