#include "nn/layers/activation.h"

#include <ATen/ATen.h>

#include "common/error.h"

namespace echelon::nn {

at::Tensor activate(const at::Tensor& input, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return at::relu(input);
    case Activation::kGelu:
      return at::gelu(input, "none");
    case Activation::kGeluTanh:
      return at::gelu(input, "tanh");
    case Activation::kSilu:
      return at::silu(input);
  }
  throw InternalError("unknown activation");
}

}  // namespace echelon::nn
