// Conversion between number types.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// tensor.to(type), with a vectorised loop between float32 and bfloat16 on the CPU, where LibTorch's is
/// several times slower. Not differentiable. Returns the tensor itself when it is of that type.
at::Tensor convert(const at::Tensor& tensor, at::ScalarType type);

}  // namespace echelon::nn
