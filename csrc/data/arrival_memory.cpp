#include "data/arrival_memory.h"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace echelon::data {

ArrivalMemory::ArrivalMemory(at::Device device) : device_(device) {
  if (!device.is_cpu()) stream_ = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
}

at::Tensor ArrivalMemory::allocate(at::IntArrayRef shape, at::ScalarType type) const {
  const c10::OptionalStreamGuard guard(stream_);
  return at::empty(shape, at::TensorOptions().dtype(type).device(device_));
}

}  // namespace echelon::data
