#include "comm/host_tensor.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace echelon {

HostTensor::HostTensor(at::Tensor tensor) : tensor_(std::move(tensor)) {
  if (tensor_.is_cpu()) return;
  const c10::impl::VirtualGuardImpl device(tensor_.device().type());
  ready_ = std::make_shared<c10::Event>(tensor_.device().type());
  ready_->record(device.getStream(tensor_.device()));
}

std::byte* HostTensor::open(bool read) {
  if (tensor_.is_cpu()) return static_cast<std::byte*>(tensor_.data_ptr());
  const c10::NoGradGuard no_grad;
  const c10::OptionalDeviceGuard guard(tensor_.device());
  host_ = at::empty(tensor_.sizes(), tensor_.options().device(at::kCPU).pinned_memory(true));
  ready_->synchronize();  // also before overwriting: work queued earlier may still read the tensor
  if (read) host_.copy_(tensor_);
  return static_cast<std::byte*>(host_.data_ptr());
}

void HostTensor::write_back() {
  if (tensor_.is_cpu()) return;
  const c10::NoGradGuard no_grad;
  const c10::OptionalDeviceGuard guard(tensor_.device());
  tensor_.copy_(host_);
}

}  // namespace echelon
