// What tests/mpi_main.cpp gives the tests that run under mpirun.
#pragma once

#include "comm/watch.h"
#include "comm/world.h"

namespace echelon::testing {

/// All ranks of the mpirun. Every rank runs the same tests, so collectives may be called in each.
WatchedCommunicator& world();
const Launch& launch();

}  // namespace echelon::testing
