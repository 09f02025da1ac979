#include "nn/layers/conv2d.h"

#include "nn/functional/conv2d.h"

namespace echelon::nn {

Conv2d::Conv2d(const BuildOptions& options, int64_t in, int64_t out, const Conv2dOptions& conv)
    : weight_(add_parameter(options, "weight", {out, in, conv.kernel, conv.kernel}, conv.weight_init, true)),
      stride_(conv.stride),
      padding_(conv.padding) {
  if (conv.bias) bias_ = add_parameter(options, "bias", {out}, conv.bias_init, false);
}

at::Tensor Conv2d::apply(const at::Tensor& input, const Context&) {
  return nn::conv2d(input, weight_, bias_, stride_, padding_);
}

}  // namespace echelon::nn
