// All-reduce of float32 over the mpi backend, beside gloo through PyTorch in the same run.
//
//   mpirun -n 2 build/benchmarks/allreduce [ELEMENTS...]
//
// The peer is started by rank 0 where ECHELON_PEER_PYTHON names a Python that has torch, once before our
// measurement and once after it, while the other ranks sleep; the better of the two counts. Bandwidth is
// bytes of the tensor by the median time. "shared" is memory from Communicator::allocate().
#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "comm/world.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon {
namespace {

double median_seconds(Communicator& comm, at::Tensor tensor) {
  constexpr int kWarmUp = 3;
  const int64_t repeats = std::clamp<int64_t>((int64_t{1} << 26) / tensor.numel(), 5, 100);
  std::vector<double> seconds;
  for (int64_t repeat = 0; repeat < kWarmUp + repeats; ++repeat) {
    tensor.fill_(1);
    comm.barrier()->wait();
    const Stopwatch stopwatch;
    comm.all_reduce(tensor, Reduce::kSum)->wait();
    if (repeat >= kWarmUp) seconds.push_back(stopwatch.seconds());
  }
  if (!(tensor == comm.size()).all().item<bool>()) throw InternalError("the all-reduce gave a wrong sum");
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  return seconds[seconds.size() / 2];
}

/// The peer's median seconds for each size; empty without a peer.
std::vector<double> run_peer(int ranks, const std::vector<int64_t>& sizes) {
  const char* python = std::getenv("ECHELON_PEER_PYTHON");
  if (python == nullptr) return {};
  // The peer's ranks must not take themselves for ours.
  std::string command = str_format(
      "env -i PATH=/usr/bin:/bin HOME=/tmp OMP_NUM_THREADS=1 {} -m torch.distributed.run "
      "--nproc-per-node {} {}/benchmarks/peers/allreduce_gloo.py",
      python, ranks, ECHELON_SOURCE_DIR);
  for (const int64_t size : sizes) command += str_format(" {}", size);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) text += static_cast<char>(c);
  const auto results = nlohmann::json::parse(text.substr(std::min(text.find('{'), text.size())));
  std::vector<double> seconds;
  for (const int64_t size : sizes) seconds.push_back(results.at(std::to_string(size)).get<double>());
  return seconds;
}

/// Ranks that wait for rank 0's peer leave it the cores.
std::vector<double> run_peer_alone(Communicator& comm, const std::vector<int64_t>& sizes) {
  std::vector<double> seconds;
  if (comm.rank() == 0) seconds = run_peer(comm.size(), sizes);
  comm.barrier("peer finished")->wait();
  return seconds;
}

void run(Communicator& comm, const std::vector<int64_t>& sizes) {
  const std::vector<double> peer_before = run_peer_alone(comm, sizes);
  std::vector<double> own, shared;
  for (const int64_t size : sizes) {
    own.push_back(median_seconds(comm, at::empty({size}, at::kFloat)));
    shared.push_back(median_seconds(comm, comm.allocate(size, at::kFloat)));
  }
  const std::vector<double> peer_after = run_peer_alone(comm, sizes);

  log::info("all-reduce of float32 among {} ranks, GB/s", comm.size());
  log::info("{:>12} {:>10} {:>10} {:>10} {:>10} {:>10}", "bytes", "echelon", "shared", "gloo", "ratio",
            "shared");
  for (size_t i = 0; i < sizes.size(); ++i) {
    const double bytes = static_cast<double>(sizes[i]) * sizeof(float);
    std::string line = str_format("{:>12} {:>10.2f} {:>10.2f}", sizes[i] * sizeof(float),
                                  bytes / own[i] / 1e9, bytes / shared[i] / 1e9);
    if (!peer_before.empty()) {
      const double peer = std::min(peer_before[i], peer_after[i]);
      line +=
          str_format(" {:>10.2f} {:>10.2f} {:>10.2f}", bytes / peer / 1e9, peer / own[i], peer / shared[i]);
    }
    log::write_info(line);
  }
}

}  // namespace
}  // namespace echelon

int main(int argc, char** argv) {
  using namespace echelon;
  ProcessEnvironment environment;
  log::set_rank(environment.launch().rank, environment.launch().world_size);
  try {
    std::vector<int64_t> sizes = {1 << 10, 1 << 16, 1 << 20, 1 << 23};
    if (argc > 1) sizes.clear();
    for (int i = 1; i < argc; ++i) sizes.push_back(std::atoll(argv[i]));
    auto comm = make_world(environment, {});
    run(*comm, sizes);
    comm->finalize();
    comm.reset();
    environment.finalize();
    return 0;
  } catch (const std::exception& error) {
    log::error("{}", error.what());
    return 1;
  }
}
