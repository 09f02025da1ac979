// main() of the tests that run under mpirun: every rank runs every test, rank 0 reports them all and the
// other ranks only what failed there. When a test fails on any rank, every rank's exit code says so.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "common/log.h"
#include "mpi_world.h"

namespace echelon::testing {
namespace {

ProcessEnvironment* environment = nullptr;
std::unique_ptr<WatchedCommunicator> communicator;

/// Prints failures with their rank, and nothing else.
class FailurePrinter final : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string where =
        result.file_name() == nullptr ? "" : str_format("{}:{}: ", result.file_name(), result.line_number());
    log::error("{}{}: {}", where, test == nullptr ? "" : test->name(), result.message());
  }
};

int run_tests() {
  if (launch().rank != 0) {
    ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter);
  }
  at::Tensor failed = at::full({1}, RUN_ALL_TESTS(), at::kInt);
  communicator->all_reduce(failed, Reduce::kMax, "test result")->wait();
  communicator->finalize();
  communicator.reset();
  environment->finalize();
  return failed.item<int>();
}

/// Returns the exit code.
int run_process() {
  ProcessEnvironment started;
  environment = &started;
  log::set_rank(launch().rank, launch().world_size);
  try {
    communicator = make_world(started, {.backend = "mpi", .timeout = 20});
    return run_tests();
  } catch (const std::exception& error) {
    log::error("{}", error.what());
    communicator.reset();
    return 1;
  }
}

}  // namespace

WatchedCommunicator& world() {
  return *communicator;
}
const Launch& launch() {
  return environment->launch();
}

}  // namespace echelon::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return echelon::testing::run_process();
}
