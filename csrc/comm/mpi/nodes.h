// Which ranks of a communicator share a node, and the communicators within and between nodes.
#pragma once

#include <mpi.h>

#include <memory>
#include <string>
#include <vector>

#include "comm/node/region.h"

namespace echelon::mpi {

/// One rank of a communicator.
struct Place {
  int node = 0;   ///< numbered in the order of their first ranks
  int index = 0;  ///< among the ranks of its node
  int world_rank = 0;
};

struct Nodes {
  int node = 0;  ///< of this rank
  int index = 0;
  std::vector<Place> places;              ///< [rank]
  std::vector<std::vector<int>> members;  ///< [node][index]: rank
  std::vector<std::string> hosts;         ///< [node]; empty names where all are one host
  std::shared_ptr<Region> region;         ///< shared by the ranks of this node
  bool even() const;                      ///< every node has as many ranks
};

/// Finds the nodes of `comm`. Collective. The environment variable ECHELON_RANKS_PER_NODE=n makes the ranks
/// of one host look like several nodes of n ranks (the last may have fewer), to test on one host what happens
/// between many. Ranks of one host that cannot map each other's memory count as nodes of their own.
Nodes find_nodes(MPI_Comm comm, int world_rank);

}  // namespace echelon::mpi
