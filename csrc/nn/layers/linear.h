// y = x Wᵀ + b over the last dimension.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

struct LinearOptions {
  bool bias = true;
  Initializer weight_init = init::kaiming_normal(init::Fan::kIn);
  Initializer bias_init = init::zeros();
};

class Linear : public UnaryLayer {
 public:
  /// Parameters: weight [out, in], bias [out].
  Linear(const BuildOptions& options, int64_t in, int64_t out, const LinearOptions& linear = {});

  /// [..., in] → [..., out].
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }  ///< undefined without bias

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

}  // namespace echelon::nn
