// Operations in flight on a NCCL communicator.
#pragma once

#include <atomic>
#include <memory>

#include "comm/communicator.h"
#include "comm/nccl/operation.h"
#include "cuda/backend/event.h"

namespace echelon {

enum class HostWait { kNo, kYes };

/// From the call until the communicator's stream has passed the operation.
class NcclWork final : public WorkState, public NcclOperation {
 public:
  /// Marks where the caller's current stream of `device` stands: the operation waits for that.
  NcclWork(const LedgerEntry& entry, int device, HostWait host_wait, std::shared_ptr<NcclFailure> failure);

  const LedgerEntry& entry() const override { return entry_; }
  /// What the operation waits for on this rank.
  const CudaEvent& inputs() const { return inputs_; }
  /// The operation stands in `stream` now.
  void queued_on(cudaStream_t stream);

  bool inputs_ready() const override { return inputs_.query(); }
  bool finished() const override;

  bool done() override;
  void wait() override;

 private:
  LedgerEntry entry_;
  int device_;
  HostWait host_wait_;
  std::shared_ptr<NcclFailure> failure_;
  CudaEvent inputs_;
  CudaEvent outputs_;
  std::atomic<bool> queued_ = false;
};

}  // namespace echelon
