// Backend `local`: the ranks are threads of this process. The data goes the way it goes between the processes
// of a node (comm/node), so what is tested with threads is what runs under MPI.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "comm/watch.h"

namespace echelon {

/// A world of `size` ranks; communicator i is for the thread that is rank i. `timeout` in seconds.
std::vector<std::unique_ptr<WatchedCommunicator>> make_local_world(int size, double timeout = 600);

/// Runs `body` as `size` ranks, each in a thread, and waits for them. What a rank throws ends the others'
/// communication; afterwards the first exception is thrown here.
void run_ranks(int size, const std::function<void(Communicator&)>& body, double timeout = 30);

}  // namespace echelon
