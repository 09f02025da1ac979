// Ranks as threads of the test, with the GPUs of this machine.
#pragma once

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <functional>
#include <memory>

#include "comm/local/local.h"
#include "cuda/module.h"

namespace echelon {

/// The devices that the tests can use; 0 where the module cannot be opened. Opens it, so that LibTorch sees
/// it.
inline int gpu_count() {
  return cuda_lookup().module == nullptr ? 0 : cuda_lookup().module->device_count();
}

struct GpuRank {
  WatchedCommunicator& host;  ///< backend local
  int device;

  int rank() const { return host.rank(); }
  at::TensorOptions options(at::ScalarType type = at::kFloat) const {
    return at::device(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device))).dtype(type);
  }
  std::unique_ptr<Communicator> make_nccl() const { return cuda_lookup().module->make_nccl(host, device); }
};

/// `size` ranks; rank r has device r modulo `devices`. Throws what the first rank that fails throws.
inline void run_gpu_ranks(int size, int devices, const std::function<void(GpuRank&)>& body,
                          double timeout = 30) {
  const auto run = [&](Communicator& comm) {
    GpuRank rank{dynamic_cast<WatchedCommunicator&>(comm), comm.rank() % devices};
    cuda_lookup().module->set_device(rank.device);
    body(rank);
  };
  run_ranks(size, run, timeout);
}

/// The same with a NCCL communicator of all ranks, one GPU each, which is finalized at the end.
inline void run_nccl_ranks(int size, const std::function<void(GpuRank&, Communicator&)>& body) {
  run_gpu_ranks(size, size, [&](GpuRank& rank) {
    const std::unique_ptr<Communicator> nccl = rank.make_nccl();
    body(rank, *nccl);
    nccl->finalize();
  });
}

}  // namespace echelon
