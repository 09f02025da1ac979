#include "comm/local/local.h"

#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include "comm/node/node_transport.h"
#include "comm/queued_communicator.h"

namespace echelon {

std::vector<std::unique_ptr<WatchedCommunicator>> make_local_world(int size, double timeout) {
  const auto region = make_region(Sharing::kThreads, NodeGroup::region_bytes(size));
  std::vector<int> ranks(size);
  std::iota(ranks.begin(), ranks.end(), 0);
  std::vector<std::unique_ptr<WatchedCommunicator>> world;
  for (int rank = 0; rank < size; ++rank) {
    auto group = std::make_unique<NodeGroup>(Sharing::kThreads, region, rank, ranks, timeout);
    world.push_back(std::make_unique<QueuedCommunicator>(std::make_unique<NodeTransport>(std::move(group))));
  }
  return world;
}

void run_ranks(int size, const std::function<void(Communicator&)>& body, double timeout) {
  auto world = make_local_world(size, timeout);
  std::mutex mutex;
  std::exception_ptr first;
  const auto run = [&](int rank) {
    try {
      body(*world[rank]);
      return;
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
      world[rank]->abort(error.what());
    }
  };
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) threads.emplace_back(run, rank);
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace echelon
