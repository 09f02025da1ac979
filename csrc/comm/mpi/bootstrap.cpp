#include "comm/mpi/bootstrap.h"

#include "comm/mpi/call.h"
#include "comm/mpi/multi_node_transport.h"
#include "comm/mpi/nodes.h"
#include "comm/node/node_transport.h"

namespace echelon::mpi {

std::unique_ptr<Transport> make_transport(MPI_Comm comm, int world_rank, double timeout) {
  Nodes nodes = find_nodes(comm, world_rank);
  if (nodes.members.size() > 1) return std::make_unique<MultiNodeTransport>(comm, std::move(nodes), timeout);
  std::vector<int> names;
  for (const Place& place : nodes.places) names.push_back(place.world_rank);
  check(MPI_Comm_free(&comm), "MPI_Comm_free");
  return std::make_unique<NodeTransport>(
      std::make_unique<NodeGroup>(Sharing::kProcesses, nodes.region, nodes.index, std::move(names), timeout));
}

}  // namespace echelon::mpi
