#include "nn/functional/convert.h"

#include <ATen/ATen.h>
#include <c10/core/UndefinedTensorImpl.h>

#include <unordered_map>

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

/// A converted parameter that others keep alive. That the parameter is alive tells it from a later one at its
/// address.
class SharedCopy {
 public:
  at::Tensor find(const at::Tensor& parameter, at::ScalarType type) const {
    if (!parameter_.lock().defined() || version_ != parameter._version()) return {};
    at::Tensor copy(copy_.lock());
    return copy.defined() && copy.scalar_type() == type ? copy : at::Tensor();
  }
  at::Tensor keep(const at::Tensor& parameter, at::Tensor copy) {
    parameter_ = Weak(parameter.getIntrusivePtr());
    version_ = parameter._version();
    copy_ = Weak(copy.getIntrusivePtr());
    return copy;
  }

 private:
  using Weak = c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;
  Weak parameter_{c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>()};
  Weak copy_{c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>()};
  int64_t version_ = -1;
};

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

at::Tensor convert_parameter(const at::Tensor& parameter, at::ScalarType type) {
  if (parameter.scalar_type() == type) return parameter;
  static thread_local std::unordered_map<const at::TensorImpl*, SharedCopy> copies;
  SharedCopy& shared = copies[parameter.unsafeGetTensorImpl()];
  if (const at::Tensor copy = shared.find(parameter, type); copy.defined()) return copy;
  return shared.keep(parameter, convert(parameter, type));
}

}  // namespace echelon::nn
