// From an MPI communicator to a transport.
#pragma once

#include <mpi.h>

#include <memory>

#include "comm/transport.h"

namespace echelon::mpi {

/// The transport among the ranks of `comm`, which it takes over: shared memory alone where all are on one
/// node. Collective.
std::unique_ptr<Transport> make_transport(MPI_Comm comm, int world_rank, double timeout);

}  // namespace echelon::mpi
