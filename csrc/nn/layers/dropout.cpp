#include "nn/layers/dropout.h"

#include "nn/functional/dropout.h"

namespace echelon::nn {

at::Tensor Dropout::apply(const at::Tensor& input, const Context& context) {
  return context.training ? dropout(input, rate_, context.random) : input;
}

}  // namespace echelon::nn
