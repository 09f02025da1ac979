// Rows of a table as one vector each: numbers, and a learned vector for each category.
#pragma once

#include <optional>
#include <vector>

#include "nn/layers/embedding.h"

namespace echelon::nn {

/// How many numbers describe a category of one feature.
struct CategoryEmbedding {
  int64_t categories = 1;  ///< with the unknown one, 0
  int64_t width = 1;
};

/// The categories of a row (Guo and Berkhahn, "Entity Embeddings of Categorical Variables", 1604.06737)
/// beside its numbers. Vectors start normal with deviation 1 / √width, so that a category weighs as much as
/// one standardised number; that of the unknown category, which training may never see, starts as zeros.
class FeatureEmbedding : public Layer {
 public:
  /// Parameters: I.weight [categories, width] of each feature I.
  FeatureEmbedding(const BuildOptions& options, const std::vector<CategoryEmbedding>& embeddings);

  /// Inputs: real [batch, number] where there are two, then int64 [batch, feature] → [batch, number +
  /// widths].
  std::vector<at::Tensor> forward(at::TensorList inputs, const Context& context) override;

 private:
  std::vector<Embedding*> embeddings_;
};

}  // namespace echelon::nn
