// Layer normalisation after Ba, Kiros and Hinton (1607.06450), over the last dimension.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

class LayerNorm : public UnaryLayer {
 public:
  /// Parameters: weight [width], bias [width].
  LayerNorm(const BuildOptions& options, int64_t width, double epsilon = 1e-5);

  /// [..., width] → the same.
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }
  double epsilon() const { return epsilon_; }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  double epsilon_;
};

}  // namespace echelon::nn
