#include "data/device_copy.h"

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <memory>
#include <utility>

namespace echelon::data {
namespace {

template <class Change>
void for_each_tensor(Batch& batch, const Change& change) {
  for (auto& [name, tensor] : batch.inputs) change(tensor);
  change(batch.target);
}

/// To be called once: the batch is given away.
Batch receive(Batch batch, const c10::Event& copied, at::Device device) {
  const c10::Stream consumer = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
  copied.block(consumer);
  // The memory belongs to the stream of the copies: it must not be given to the next before this use ends.
  for_each_tensor(batch, [&](at::Tensor& tensor) { tensor.record_stream(consumer); });
  return batch;
}

Receive send(Batch batch, const c10::Stream& copies) {
  const at::Device device = copies.device();
  const auto copied = std::make_shared<c10::Event>(device.type());
  {
    const c10::StreamGuard guard(copies);
    for_each_tensor(batch, [&](at::Tensor& tensor) { tensor = tensor.to(device, /*non_blocking=*/true); });
    copied->record(copies);
  }
  const auto sent = std::make_shared<Batch>(std::move(batch));
  return [sent, copied, device] { return receive(std::move(*sent), *copied, device); };
}

}  // namespace

Send make_send(at::Device device) {
  if (device.is_cpu()) return {};
  const c10::Stream copies =
      c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, /*isHighPriority=*/false);
  return [copies](Batch batch) { return send(std::move(batch), copies); };
}

}  // namespace echelon::data
