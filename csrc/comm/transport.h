// What a backend on the host does: operations on bytes, one after the other, each returning when it is done.
// QueuedCommunicator (comm/queued_communicator.h) makes a Communicator of it.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "comm/messenger.h"
#include "comm/node/node_group.h"

namespace echelon {

constexpr int kLargestTag = 32767;  ///< what every MPI allows

/// How elements are reduced.
struct Reduction {
  at::ScalarType type = at::kByte;
  Reduce op = Reduce::kSum;
};

/// Every function throws CommError. `elements` counts those of one rank's part, and of the whole where there
/// are no parts.
class Transport {
 public:
  virtual ~Transport() = default;  ///< never communicates
  virtual int rank() const = 0;
  /// The rank in the world of every rank here.
  virtual const std::vector<int>& world_ranks() const = 0;
  virtual NodeGroup& node() = 0;
  virtual Watch& watch() = 0;
  /// To be called now and then while no operation runs; empty where that is not needed.
  virtual std::function<void()> idle_poll() { return {}; }

  /// Enters the operation; returns once every rank has entered the same. `data` is this rank's memory, null
  /// for none.
  virtual void begin(const LedgerEntry& entry, const std::byte* data) = 0;
  // One of these between begin() and end(), by the contracts of Communicator.
  virtual void all_reduce(Reduction reduction, std::byte* data, int64_t elements) = 0;
  virtual void reduce_scatter(Reduction reduction, std::byte* output, const std::byte* input,
                              int64_t elements) = 0;
  virtual void all_gather(std::byte* output, std::byte* input, int64_t bytes) = 0;
  virtual void broadcast(std::byte* data, int64_t bytes, int root) = 0;
  virtual void barrier() = 0;
  virtual std::unique_ptr<Transport> split(int color, int key) = 0;
  /// Memory of this rank that others map too, and what keeps it.
  virtual std::pair<std::byte*, std::shared_ptr<void>> allocate(int64_t bytes) = 0;
  virtual void finalize() = 0;
  void end() { watch().finish(); }

  /// The way of one message. Called outside begin() and end().
  virtual std::unique_ptr<Transfer> send(const LedgerEntry& entry, int destination, const std::byte* data,
                                         int64_t bytes) = 0;
  virtual std::unique_ptr<Transfer> receive(const LedgerEntry& entry, int source, std::byte* data,
                                            int64_t bytes) = 0;
};

}  // namespace echelon
