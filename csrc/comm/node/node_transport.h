// Transport among the ranks of one node, as threads or processes, through shared memory.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "comm/node/exchange.h"
#include "comm/node/mailbox.h"
#include "comm/node/shared_memory.h"
#include "comm/transport.h"

namespace echelon {

class NodeTransport final : public Transport {
 public:
  explicit NodeTransport(std::unique_ptr<NodeGroup> group);
  ~NodeTransport() override;

  int rank() const override { return group_->index(); }
  const std::vector<int>& world_ranks() const override { return group_->world_ranks(); }
  NodeGroup& node() override { return *group_; }
  Watch& watch() override { return *group_; }

  void begin(const LedgerEntry& entry, const std::byte* data) override;
  void all_reduce(Reduction reduction, std::byte* data, int64_t elements) override;
  void reduce_scatter(Reduction reduction, std::byte* output, const std::byte* input,
                      int64_t elements) override;
  void all_gather(std::byte* output, std::byte* input, int64_t bytes) override;
  void broadcast(std::byte* data, int64_t bytes, int root) override;
  void barrier() override;
  std::unique_ptr<Transport> split(int color, int key) override;
  std::pair<std::byte*, std::shared_ptr<void>> allocate(int64_t bytes) override;
  void finalize() override { barrier(); }
  std::unique_ptr<Transfer> send(const LedgerEntry& entry, int destination, const std::byte* data,
                                 int64_t bytes) override;
  std::unique_ptr<Transfer> receive(const LedgerEntry& entry, int source, std::byte* data,
                                    int64_t bytes) override;

 private:
  template <class T>
  std::vector<T> gather(T value);
  std::shared_ptr<Region> share_region(size_t bytes, int leader);
  /// The `data` of every rank as mapped here, when all of them are shared; else empty.
  std::vector<std::byte*> shared_views() const;

  std::unique_ptr<NodeGroup> group_;
  SharedMemory memory_;
  uint64_t sequence_ = 0;
  std::map<int, std::shared_ptr<Inbox>> inboxes_;
};

}  // namespace echelon
