// The Communicator of the host backends: checks, ledger, queue and GPU staging around a Transport.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "comm/host_tensor.h"
#include "comm/messenger.h"
#include "comm/operation_queue.h"
#include "comm/transport.h"
#include "comm/watch.h"

namespace echelon {

class QueuedCommunicator final : public WatchedCommunicator {
 public:
  explicit QueuedCommunicator(std::unique_ptr<Transport> transport);
  /// Where operations are unfinished, they fail on every rank.
  ~QueuedCommunicator() override;

  int rank() const override { return transport_->rank(); }
  int size() const override { return static_cast<int>(transport_->world_ranks().size()); }
  Work all_reduce(at::Tensor tensor, Reduce op, std::string_view label) override;
  Work reduce_scatter(at::Tensor output, at::Tensor input, Reduce op, std::string_view label) override;
  Work all_gather(at::Tensor output, at::Tensor input, std::string_view label) override;
  Work broadcast(at::Tensor tensor, int root, std::string_view label) override;
  Work send(at::Tensor tensor, int destination, int tag, std::string_view label) override;
  Work receive(at::Tensor tensor, int source, int tag, std::string_view label) override;
  Work barrier(std::string_view label) override;
  std::unique_ptr<WatchedCommunicator> split_watched(int color, int key) override;
  at::Tensor allocate(int64_t elements, at::TensorOptions options) override;
  void abort(const std::string& reason) override;
  void finalize() override;
  Watch& watch() override { return transport_->watch(); }
  double timeout() const override { return transport_->node().timeout(); }

 private:
  /// Queues `run` as the operation `entry`.
  Work submit(const LedgerEntry& entry, std::function<void()> run);
  void perform(const LedgerEntry& entry, const std::function<void()>& run);
  Work post_message(const at::Tensor& tensor, Operation operation, int peer, int tag, std::string_view label);
  int world_rank(int rank) const;

  std::unique_ptr<Transport> transport_;
  uint64_t sequence_ = 0;
  std::map<std::tuple<Operation, int, int>, uint64_t>
      messages_;  ///< posted so far, by direction, peer and tag
  Messenger messenger_;
  OperationQueue queue_;
};

}  // namespace echelon
