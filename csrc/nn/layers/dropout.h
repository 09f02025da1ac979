// Dropout, in training (nn/functional/dropout.h).
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

class Dropout : public UnaryLayer {
 public:
  /// 0 ≤ rate < 1.
  explicit Dropout(double rate) : rate_(rate) {}
  Dropout(const BuildOptions&, double rate) : Dropout(rate) {}

  double rate() const { return rate_; }
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  double rate_;
};

}  // namespace echelon::nn
