#include "nn/layers/embedding.h"

#include "nn/functional/embedding.h"

namespace echelon::nn {

Embedding::Embedding(const BuildOptions& options, int64_t vocabulary, int64_t width,
                     const Initializer& weight_init)
    : weight_(add_parameter(options, "weight", {vocabulary, width}, weight_init, true)) {}

at::Tensor Embedding::apply(const at::Tensor& input, const Context&) {
  return nn::embedding(weight_, input);
}

at::Tensor Embedding::first(int64_t count) const {
  return first_rows(weight_, count);
}

}  // namespace echelon::nn
