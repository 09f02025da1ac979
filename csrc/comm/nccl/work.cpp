#include "comm/nccl/work.h"

#include <c10/cuda/CUDAStream.h>

#include <chrono>
#include <thread>

namespace echelon {

NcclWork::NcclWork(const LedgerEntry& entry, int device, HostWait host_wait,
                   std::shared_ptr<NcclFailure> failure)
    : entry_(entry), device_(device), host_wait_(host_wait), failure_(std::move(failure)) {
  inputs_.record(c10::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device)));
}

void NcclWork::queued_on(cudaStream_t stream) {
  outputs_.record(stream);
  queued_.store(true, std::memory_order_release);
}

bool NcclWork::finished() const {
  return queued_.load(std::memory_order_acquire) && outputs_.query();
}

bool NcclWork::done() {
  failure_->check();
  return finished();
}

void NcclWork::wait() {
  failure_->check();
  if (host_wait_ == HostWait::kNo) {
    outputs_.block(c10::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device_)));
    return;
  }
  while (!done()) std::this_thread::sleep_for(std::chrono::microseconds(50));
}

}  // namespace echelon
