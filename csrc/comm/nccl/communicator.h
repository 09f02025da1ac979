// The NCCL backend: tensors of one GPU a rank (comm/communicator.h is the contract).
//
// Every operation runs on a stream of the communicator's own: it starts when the caller's current stream has
// reached the point of the call, and Work::wait() makes the then current stream wait for it; only barrier()
// and finalize() wait on the host. So after a failure kernels may still run on tensors that were never
// filled: the next call into the communicator, or wait() of any of its works, throws.
//
// NCCL has no tags: messages between two ranks arrive in the order of the calls, whatever their tags. A
// message is a rendezvous: send finishes when its receive runs. Messages to higher and to lower ranks
// run beside each other, and beside the collectives; two messages in one of these directions run one
// after the other.
//
// Collectives are compared in the ledgers when one of them stalls, not before data moves: ranks that disagree
// about shapes may compute nonsense for up to `comm.timeout` before they are told.
#pragma once

#include <memory>
#include <vector>

#include "comm/communicator.h"
#include "comm/nccl/channel.h"
#include "comm/nccl/watchdog.h"
#include "comm/watch.h"

namespace echelon {

class NcclCommunicator final : public Communicator {
 public:
  /// Collective over `control`, which carries the NCCL ids, makes the splits, and names the ranks in
  /// messages. Throws CommError when two ranks have the same GPU, which NCCL refuses.
  NcclCommunicator(std::unique_ptr<WatchedCommunicator> control, int device);
  /// Aborts what finalize() has not closed; waits at most some seconds.
  ~NcclCommunicator() override;

  int rank() const override { return control_->rank(); }
  int size() const override { return control_->size(); }

  Work all_reduce(at::Tensor tensor, Reduce op, std::string_view label) override;
  Work reduce_scatter(at::Tensor output, at::Tensor input, Reduce op, std::string_view label) override;
  Work all_gather(at::Tensor output, at::Tensor input, std::string_view label) override;
  Work broadcast(at::Tensor tensor, int root, std::string_view label) override;
  Work send(at::Tensor tensor, int destination, int tag, std::string_view label) override;
  Work receive(at::Tensor tensor, int source, int tag, std::string_view label) override;
  Work barrier(std::string_view label) override;

  std::unique_ptr<Communicator> split(int color, int key) override;
  /// Memory of LibTorch's caching allocator on this rank's GPU; `options` give the type.
  at::Tensor allocate(int64_t elements, at::TensorOptions options) override;

  void abort(const std::string& reason) override;
  void finalize() override;

 private:
  /// Collectives, messages to higher ranks, messages to lower ranks: a NCCL communicator each, since the
  /// operations of one run one after the other and two ranks that send to each other would wait for ever.
  enum Lane { kCollective, kAscending, kDescending, kLanes };

  void open_channels();
  void abort_channels();
  std::string find_error();
  Lane lane_of_message(int from, int to) const { return from < to ? kAscending : kDescending; }

  /// Enters the operation, orders it after the caller's stream, and makes the NCCL call. Without a call
  /// only the order.
  std::shared_ptr<NcclWork> launch(Lane lane, const LedgerEntry& entry,
                                   const std::vector<at::Tensor>& tensors, const NcclChannel::Call& call,
                                   HostWait host_wait = HostWait::kNo);
  void check_open() const;
  void check_tensor(const at::Tensor& tensor, const char* operation, std::string_view label) const;
  void check_peer(int peer, const char* operation) const;

  std::unique_ptr<WatchedCommunicator> control_;
  std::unique_ptr<WatchedCommunicator> watched_;  ///< its watch is the ledger of this communicator
  int device_;
  uint64_t collectives_ = 0;
  uint64_t messages_ = 0;
  bool finalized_ = false;
  std::shared_ptr<NcclFailure> failure_ = std::make_shared<NcclFailure>();
  std::vector<std::unique_ptr<NcclChannel>> channels_;
  std::unique_ptr<NcclWatchdog> watchdog_;  ///< last, so that it stops first
};

}  // namespace echelon
