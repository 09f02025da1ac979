// Conversion between number types.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// tensor.to(type), with a vectorised loop between float32 and bfloat16 on the CPU, where LibTorch's is
/// several times slower. Not differentiable. Returns the tensor itself when it is of that type.
at::Tensor convert(const at::Tensor& tensor, at::ScalarType type);

/// convert() of a parameter: everybody on this thread who asks before it changes, while somebody still keeps
/// the result, gets the same tensor. So the micro-batches in flight have one copy. What changes a parameter
/// other than by an operation of LibTorch must bump its version.
at::Tensor convert_parameter(const at::Tensor& parameter, at::ScalarType type);

}  // namespace echelon::nn
