#include "nn/layers/pooling.h"

#include <ATen/ATen.h>

namespace echelon::nn {

at::Tensor MaxPool2d::apply(const at::Tensor& input, const Context&) {
  return at::max_pool2d(input, {kernel_, kernel_}, {stride_, stride_}, {padding_, padding_});
}

at::Tensor AvgPool2d::apply(const at::Tensor& input, const Context&) {
  return at::avg_pool2d(input, {kernel_, kernel_}, {stride_, stride_});
}

at::Tensor AdaptiveAvgPool2d::apply(const at::Tensor& input, const Context&) {
  return at::adaptive_avg_pool2d(input, {size_, size_});
}

at::Tensor Flatten::apply(const at::Tensor& input, const Context&) {
  return input.flatten(1);
}

}  // namespace echelon::nn
