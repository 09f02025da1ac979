// A program whose ranks fail in the way that its argument names; mpi_failure_test.cpp runs it under mpirun.
#include <ATen/ATen.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "comm/world.h"
#include "common/error.h"
#include "common/log.h"

namespace echelon {
namespace {

void fail(Communicator& comm, const std::string& way) {
  at::Tensor tensor = at::ones({1000});
  comm.barrier("start")->wait();
  ledger_note("step 7");
  if (comm.rank() == 1) {
    if (way == "late") std::this_thread::sleep_for(std::chrono::milliseconds(2000));
    if (way == "disagree") return comm.broadcast(tensor, 0, "weights")->wait();
    if (way == "throw") throw DataError("shard 3 is truncated");
    if (way == "abort") return comm.abort("shard 3 is truncated");
    if (way == "killed") std::raise(SIGKILL);
  }
  comm.all_reduce(tensor, Reduce::kSum, "bucket 0")->wait();
}

}  // namespace
}  // namespace echelon

int main(int argc, char** argv) {
  using namespace echelon;
  ProcessEnvironment environment;
  log::set_rank(environment.launch().rank, environment.launch().world_size);
  try {
    const auto comm = make_world(environment, {.timeout = 1});
    fail(*comm, argc > 1 ? argv[1] : "");
    log::info("finished");
    return 0;
  } catch (const Error& error) {
    log::error("{}", error.what());
    return static_cast<int>(error.exit_code());
  }
}
