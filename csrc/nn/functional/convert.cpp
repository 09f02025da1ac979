#include "nn/functional/convert.h"

#include <ATen/ATen.h>

#include "nn/functional/kernels/convert.h"
#include "nn/functional/parallel.h"
#include "nn/functional/types.h"

namespace echelon::nn {
namespace {

constexpr int64_t kElementsAtOnce = 32768;

template <class To, class From, class Kernel>
at::Tensor converted(const at::Tensor& tensor, at::ScalarType type, const Kernel& kernel) {
  const at::Tensor result = at::empty(tensor.sizes(), tensor.options().dtype(type));
  parallel_for(tensor.numel(), kElementsAtOnce, [&](int64_t begin, int64_t end) {
    kernel(data<From>(tensor) + begin, data<To>(result) + begin, end - begin);
  });
  return result;
}

}  // namespace

at::Tensor convert(const at::Tensor& tensor, at::ScalarType type) {
  if (tensor.is_cpu() && tensor.is_contiguous()) {
    if (tensor.scalar_type() == at::kFloat && type == at::kBFloat16) {
      return converted<kernels::Bf16, float>(tensor, type, kernels::narrow);
    }
    if (tensor.scalar_type() == at::kBFloat16 && type == at::kFloat) {
      return converted<float, kernels::Bf16>(tensor, type, kernels::widen);
    }
  }
  return tensor.to(type);
}

}  // namespace echelon::nn
