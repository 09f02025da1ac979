// MPI as a process sees it: whether it was launched, starting and ending MPI. Free of mpi.h.
#pragma once

#include <memory>

#include "comm/watch.h"
#include "comm/world.h"

namespace echelon::mpi {

/// Who launched this process, by the variables that launchers set: "Open MPI", "PMI", "Slurm"; empty when
/// nobody did.
std::string find_launcher();

/// Starts MPI for several threads. Throws CommError when the library cannot, or sees another number of ranks
/// than the launcher started.
Launch start();

/// The communicator of all ranks. Collective; once a process.
std::unique_ptr<WatchedCommunicator> make_world(const Launch& launch, double timeout);

/// Ends MPI. Collective; every communicator is gone. Afterwards leave() does nothing.
void finish();

/// Before the process ends without finish(): wakes the other ranks of this node, waits until they are about to
/// end too, and names those that do not react within `seconds`. The launcher ends the rest.
void leave(double seconds);

}  // namespace echelon::mpi
