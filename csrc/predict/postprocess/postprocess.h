// From a model's outputs to columns.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "predict/postprocess/settings.h"
#include "predict/scorer/scorer.h"

namespace echelon::predict {

/// What is known of the outputs of a model.
struct ModelOutput {
  PostprocessKind usual = PostprocessKind::kRaw;
  int64_t values = 0;                      ///< of a row; 0: not known before it runs
  std::vector<std::string> class_names{};  ///< in the order of the values; empty: they have none
  double scale = 1, shift = 0;             ///< of kRegression: what is meant is value · scale + shift
};

/// Immutable; several threads call it at once.
class Postprocess {
 public:
  virtual ~Postprocess() = default;

  /// The columns that are made:
  ///   kClass       prediction (string, or int64 where classes have no names), probability (float32)
  ///   kArgmax      prediction
  ///   kTopK        classes (lists, the most probable first; of those as probable as each other the first),
  ///                probabilities (lists of float32)
  ///   kSoftmax     probabilities, in the order of the model's outputs
  ///   kSigmoid     probability where the model has one output, else probabilities
  ///   kRegression  prediction (float64; lists where the model has not one output)
  ///   kEmbedding   embedding (lists of float32)
  ///   kRaw         output (lists of float32)
  const table::Schema& outputs() const { return outputs_; }
  /// Columns of outputs() without rows.
  std::vector<table::Column> begin() const { return table::empty_columns(outputs_); }
  /// `rows`: float32 or float64 [rows, …] on the CPU; further dimensions are taken as one. Appends a row each
  /// to `scores.columns`, and notes those that hold a value that is not finite, unless kRaw. Throws
  /// ConfigError where the number of values does not fit the settings.
  void append(const at::Tensor& rows, Scores& scores) const;

 protected:
  explicit Postprocess(table::Schema outputs) : outputs_(std::move(outputs)) {}
  /// `rows`: contiguous, [rows, values].
  virtual void convert(const at::Tensor& rows, std::vector<table::Column>& columns) const = 0;
  virtual bool needs_finite() const { return true; }

 private:
  table::Schema outputs_;
};

/// `prefix`: of the names of the columns. Throws ConfigError where settings do not fit the model;
/// kText and kPerplexity fit none here: what makes them is predict/scorer/language_scorer.h.
std::unique_ptr<const Postprocess> make_postprocess(const PostprocessSettings& settings,
                                                    const ModelOutput& output, const std::string& prefix);

}  // namespace echelon::predict
