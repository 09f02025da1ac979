#include "nn/layers/dropout.h"

#include <ATen/ATen.h>

namespace echelon::nn {

at::Tensor Dropout::apply(const at::Tensor& input, const Context& context) {
  return context.training && rate_ > 0 ? at::dropout(input, rate_, /*train=*/true) : input;
}

}  // namespace echelon::nn
