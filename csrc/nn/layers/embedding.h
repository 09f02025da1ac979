// A vector for each of a set of integers.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

class Embedding : public UnaryLayer {
 public:
  /// Parameters: weight [vocabulary, width].
  Embedding(const BuildOptions& options, int64_t vocabulary, int64_t width, const Initializer& weight_init);

  /// int64 [...] with values below `vocabulary` → [..., width].
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

  /// The first `count` vectors: [count, width].
  at::Tensor first(int64_t count) const;

 private:
  at::Tensor weight_;
};

}  // namespace echelon::nn
