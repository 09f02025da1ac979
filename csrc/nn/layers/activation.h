// Element-wise non-linearities.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

enum class Activation {
  kRelu,
  kGelu,      ///< x·Φ(x), Hendrycks and Gimpel (1606.08415)
  kGeluTanh,  ///< its approximation by tanh, which GPT-2 uses
  kSilu,      ///< x·σ(x)
};

at::Tensor activate(const at::Tensor& input, Activation activation);

class ActivationLayer : public UnaryLayer {
 public:
  explicit ActivationLayer(Activation activation) : activation_(activation) {}
  at::Tensor apply(const at::Tensor& input, const Context&) override { return activate(input, activation_); }

 private:
  Activation activation_;
};

}  // namespace echelon::nn
