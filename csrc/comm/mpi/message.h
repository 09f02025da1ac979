// Messages between nodes, by MPI.
#pragma once

#include <mpi.h>

#include <memory>

#include "comm/messenger.h"

namespace echelon::mpi {

/// A message is its ledger entry and then its bytes, in pieces, all with the tag of the entry.
std::unique_ptr<Transfer> mpi_send(MPI_Comm comm, const LedgerEntry& entry, int destination,
                                   const std::byte* data, int64_t bytes);
std::unique_ptr<Transfer> mpi_receive(MPI_Comm comm, const LedgerEntry& entry, int source, std::byte* data,
                                      int64_t bytes);

}  // namespace echelon::mpi
