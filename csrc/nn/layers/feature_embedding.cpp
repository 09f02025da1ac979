#include "nn/layers/feature_embedding.h"

#include <ATen/ATen.h>

#include <cmath>

#include "common/format.h"

namespace echelon::nn {
namespace {

Initializer vectors_of_categories(int64_t width) {
  return [draw = init::normal(1 / std::sqrt(static_cast<double>(width)))](at::Tensor& values,
                                                                          at::Generator generator) {
    draw(values, std::move(generator));
    values.select(0, 0).zero_();
  };
}

}  // namespace

FeatureEmbedding::FeatureEmbedding(const BuildOptions& options,
                                   const std::vector<CategoryEmbedding>& embeddings) {
  for (const auto& [categories, width] : embeddings) {
    const std::string name = str_format("{}", embeddings_.size());
    embeddings_.push_back(
        &add_child<Embedding>(options, name, categories, width, vectors_of_categories(width)));
  }
}

std::vector<at::Tensor> FeatureEmbedding::forward(at::TensorList inputs, const Context& context) {
  const std::vector<at::Tensor> columns = inputs.back().t().contiguous().unbind(0);
  std::vector<at::Tensor> parts;
  if (inputs.size() > 1) parts.push_back(inputs.front());
  for (size_t i = 0; i < embeddings_.size(); ++i) parts.push_back(embeddings_[i]->apply(columns[i], context));
  return {at::cat(parts, 1)};
}

}  // namespace echelon::nn
