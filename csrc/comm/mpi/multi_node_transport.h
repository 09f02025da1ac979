// Transport among several nodes. Collectives go in three stages: the ranks of a node reduce their data, each
// a share of it; MPI combines each share with those of the ranks with the same index on the other nodes; the
// ranks of a node pass the result on. Where nodes have different numbers of ranks, the first rank of each
// node does the part between nodes.
#pragma once

#include <mpi.h>

#include <memory>
#include <utility>
#include <vector>

#include "comm/mpi/node_watch.h"
#include "comm/mpi/nodes.h"
#include "comm/node/node_transport.h"
#include "comm/transport.h"

namespace echelon::mpi {

class MultiNodeTransport final : public Transport {
 public:
  /// Takes over `comm`. Collective.
  MultiNodeTransport(MPI_Comm comm, Nodes nodes, double timeout);
  ~MultiNodeTransport() override;  ///< leaves MPI's communicators to MPI unless finalize() freed them

  int rank() const override { return rank_; }
  const std::vector<int>& world_ranks() const override { return world_ranks_; }
  NodeGroup& node() override { return node_.node(); }
  Watch& watch() override { return watch_; }
  std::function<void()> idle_poll() override;

  void begin(const LedgerEntry& entry, const std::byte* data) override;
  void all_reduce(Reduction reduction, std::byte* data, int64_t elements) override;
  void reduce_scatter(Reduction reduction, std::byte* output, const std::byte* input,
                      int64_t elements) override;
  void all_gather(std::byte* output, std::byte* input, int64_t bytes) override;
  void broadcast(std::byte* data, int64_t bytes, int root) override;
  void barrier() override;
  std::unique_ptr<Transport> split(int color, int key) override;
  std::pair<std::byte*, std::shared_ptr<void>> allocate(int64_t bytes) override {
    return node_.allocate(bytes);
  }
  void finalize() override;
  std::unique_ptr<Transfer> send(const LedgerEntry& entry, int destination, const std::byte* data,
                                 int64_t bytes) override;
  std::unique_ptr<Transfer> receive(const LedgerEntry& entry, int source, std::byte* data,
                                    int64_t bytes) override;

 private:
  const std::vector<int>& own_members() const { return nodes_.members[nodes_.node]; }
  int node_count() const { return static_cast<int>(nodes_.members.size()); }
  bool leads() const { return nodes_.index == 0; }

  /// Sum, minimum or maximum over the nodes, in place.
  void reduce_across(Reduction reduction, std::byte* data, int64_t elements);
  void broadcast_across(std::byte* data, int64_t bytes, int root_node);
  void reduce_scatter_segment(Reduction reduction, std::byte* output, const std::byte* input, int64_t stride,
                              int64_t elements, std::vector<std::byte>& scratch);
  void reduce_scatter_segment_uneven(Reduction reduction, std::byte* output, const std::byte* input,
                                     int64_t stride, int64_t elements, std::vector<std::byte>& scratch);
  void all_gather_even(std::byte* output, int64_t bytes);
  void all_gather_uneven(std::byte* output, int64_t bytes);
  /// A request for the node's ranks whose part j is that of the rank `members[j]`, `stride` elements apart.
  Exchange parts_of(const std::vector<int>& members, int64_t stride, int64_t elements,
                    at::ScalarType type) const;
  void share_from_leader(std::byte* data, int64_t bytes);

  MPI_Comm comm_;
  MPI_Comm messages_ = MPI_COMM_NULL;
  MPI_Comm control_ = MPI_COMM_NULL;
  MPI_Comm across_ = MPI_COMM_NULL;  ///< ordered by node; null for ranks that have no part between nodes
  int rank_ = 0;
  std::vector<int> world_ranks_;
  Nodes nodes_;
  bool even_;
  NodeTransport node_;
  NodeWatch watch_;
};

}  // namespace echelon::mpi
