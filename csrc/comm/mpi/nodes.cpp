#include "comm/mpi/nodes.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "comm/mpi/call.h"
#include "comm/node/node_group.h"
#include "common/error.h"

namespace echelon::mpi {
namespace {

/// Freed on scope exit.
class SmallComm {
 public:
  SmallComm() = default;
  ~SmallComm() {
    if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
  }
  SmallComm(const SmallComm&) = delete;
  SmallComm& operator=(const SmallComm&) = delete;
  MPI_Comm* out() { return &comm_; }
  MPI_Comm get() const { return comm_; }
  int rank() const {
    int value = 0;
    check(MPI_Comm_rank(comm_, &value), "MPI_Comm_rank");
    return value;
  }
  int size() const {
    int value = 0;
    check(MPI_Comm_size(comm_, &value), "MPI_Comm_size");
    return value;
  }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

int ranks_per_node(int host_ranks) {
  const char* pretended = std::getenv("ECHELON_RANKS_PER_NODE");
  const int ranks = pretended == nullptr ? host_ranks : std::atoi(pretended);
  return ranks > 0 ? ranks : host_ranks;
}

void split_by_node(MPI_Comm comm, SmallComm& node) {
  SmallComm host;
  check(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, host.out()), "MPI_Comm_split_type");
  const int color = host.rank() / ranks_per_node(host.size());
  check(MPI_Comm_split(host.get(), color, 0, node.out()), "MPI_Comm_split");
}

/// The region of the ranks of `node`, or null on all of them when one cannot map it.
std::shared_ptr<Region> share_region(MPI_Comm node, int rank, int size) {
  std::shared_ptr<Region> region;
  RegionToken token;
  if (rank == 0) {
    region = make_region(Sharing::kProcesses, NodeGroup::region_bytes(size));
    token = region->token();
  }
  check(MPI_Bcast(&token, sizeof token, MPI_BYTE, 0, node), "MPI_Bcast");
  try {
    if (rank != 0) region = open_region(Sharing::kProcesses, token);
  } catch (const CommError&) {
  }
  int mapped = region != nullptr ? 1 : 0, all_mapped = 0;
  check(MPI_Allreduce(&mapped, &all_mapped, 1, MPI_INT, MPI_MIN, node), "MPI_Allreduce");
  return all_mapped != 0 ? region : nullptr;
}

template <class T>
std::vector<T> gather_all(const T& value, MPI_Comm comm) {
  int size = 0;
  check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  std::vector<T> values(static_cast<size_t>(size));
  check(MPI_Allgather(&value, sizeof(T), MPI_BYTE, values.data(), sizeof(T), MPI_BYTE, comm),
        "MPI_Allgather");
  return values;
}

struct Card {
  int first_rank;  ///< of the node, in `comm`
  int index;
  int world_rank;
  std::array<char, 64> host;
};

}  // namespace

bool Nodes::even() const {
  for (const auto& ranks : members) {
    if (ranks.size() != members.front().size()) return false;
  }
  return true;
}

Nodes find_nodes(MPI_Comm comm, int world_rank) {
  Nodes nodes;
  SmallComm node;
  split_by_node(comm, node);
  nodes.region = share_region(node.get(), node.rank(), node.size());
  int rank = 0;
  check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  Card card{rank, node.rank(), world_rank, {}};
  if (nodes.region != nullptr) {
    check(MPI_Bcast(&card.first_rank, 1, MPI_INT, 0, node.get()), "MPI_Bcast");
  } else {
    card.index = 0;
    nodes.region = make_region(Sharing::kProcesses, NodeGroup::region_bytes(1));
  }
  ::gethostname(card.host.data(), card.host.size() - 1);

  const std::vector<Card> cards = gather_all(card, comm);
  std::vector<int> node_of_first(cards.size(), -1);
  for (int other = 0; other < static_cast<int>(cards.size()); ++other) {
    int& number = node_of_first[cards[other].first_rank];
    if (number < 0) {
      number = static_cast<int>(nodes.members.size());
      nodes.members.emplace_back();
      nodes.hosts.emplace_back(cards[other].host.data());
    }
    nodes.places.push_back({number, cards[other].index, cards[other].world_rank});
    nodes.members[number].push_back(other);
  }
  const auto& hosts = nodes.hosts;
  if (std::count(hosts.begin(), hosts.end(), hosts.front()) == static_cast<std::ptrdiff_t>(hosts.size())) {
    nodes.hosts.assign(hosts.size(), "");
  }
  nodes.node = nodes.places[rank].node;
  nodes.index = nodes.places[rank].index;
  return nodes;
}

}  // namespace echelon::mpi
