// Dropout after Srivastava et al. (2014): in training each value is zeroed with probability `rate`, the
// others are divided by 1 − rate.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

class Dropout : public UnaryLayer {
 public:
  /// 0 ≤ rate < 1.
  explicit Dropout(double rate) : rate_(rate) {}
  Dropout(const BuildOptions&, double rate) : Dropout(rate) {}

  bool uses_random() const override { return rate_ > 0; }
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  double rate_;
};

}  // namespace echelon::nn
