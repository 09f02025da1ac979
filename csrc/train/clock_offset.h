// How far the clocks of ranks on different machines are apart.
#pragma once

#include "comm/communicator.h"

namespace echelon::train {

/// What to add to steady_time() of this rank to have that of rank 0, from the fastest of some round trips
/// (Cristian, "Probabilistic Clock Synchronization", 1989): off by at most half of that trip. 0 on rank 0.
/// Collective.
double offset_to_first_rank(Communicator& comm);

}  // namespace echelon::train
