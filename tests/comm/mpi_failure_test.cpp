// What mpirun and the user see when ranks fail: the message of every rank that is alive, a failing exit code,
// no hang.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdio>
#include <memory>
#include <string>
#include <tuple>

#include "common/clock.h"
#include "common/format.h"

namespace echelon {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int exit_code = -1;
  std::string output;
  double seconds = 0;
};

Outcome run_ranks_that(const std::string& way, int ranks, int ranks_per_node) {
  const std::string command = str_format("ECHELON_RANKS_PER_NODE={} {} -n {} {} {} 2>&1", ranks_per_node,
                                         MPIEXEC, ranks, FAILING_RANKS, way);
  const Stopwatch stopwatch;
  Outcome outcome;
  FILE* pipe = ::popen(command.c_str(), "r");
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) outcome.output += static_cast<char>(c);
  outcome.exit_code = WEXITSTATUS(::pclose(pipe));
  outcome.seconds = stopwatch.seconds();
  return outcome;
}

void expect_on_every_rank(const Outcome& outcome, int ranks, const std::string& message) {
  for (int rank = 0; rank < ranks; ++rank) {
    EXPECT_THAT(outcome.output, HasSubstr(str_format("error (rank {}): {}\n", rank, message)));
  }
  EXPECT_EQ(outcome.exit_code, 5) << outcome.output;
  EXPECT_LT(outcome.seconds, 30);
}

/// (ranks, ranks a node)
class FailingRanks : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(FailingRanks, NameTheRankThatIsLate) {
  const auto [ranks, ranks_per_node] = GetParam();
  expect_on_every_rank(
      run_ranks_that("late", ranks, ranks_per_node), ranks,
      "rank 1 has not entered operation 2 all_reduce sum float32 [1000] 'bucket 0' (step 7) within 1 s; "
      "it last finished operation 1 barrier 'start'");
}

TEST_P(FailingRanks, NameWhatTheyDisagreeAbout) {
  const auto [ranks, ranks_per_node] = GetParam();
  const std::string others =
      ranks_per_node == 3 ? "ranks 0,2" : "rank 0";  // a node does not wait for another's view
  expect_on_every_rank(
      run_ranks_that("disagree", ranks, ranks_per_node), ranks,
      str_format("ranks disagree at operation 2: {} all_reduce sum float32 [1000] 'bucket 0' "
                 "(step 7), rank 1 broadcast "
                 "float32 [1000] from rank 0 'weights' (step 7); all ranks must call the same "
                 "operations with the same "
                 "arguments in the same order",
                 others));
}

INSTANTIATE_TEST_SUITE_P(Mpi, FailingRanks,
                         ::testing::Values(std::tuple(3, 3), std::tuple(2, 1), std::tuple(3, 2)),
                         [](const auto& info) {
                           return str_format("{}_ranks_{}_a_node", std::get<0>(info.param),
                                             std::get<1>(info.param));
                         });

TEST(FailingRank, ThatThrowsWakesTheOthers) {
  const Outcome outcome = run_ranks_that("throw", 3, 3);
  EXPECT_THAT(outcome.output, HasSubstr("error (rank 1): shard 3 is truncated\n"));
  EXPECT_THAT(outcome.output, HasSubstr("error (rank 0): rank 1 ended before the others\n"));
  EXPECT_THAT(outcome.output, HasSubstr("error (rank 2): rank 1 ended before the others\n"));
  EXPECT_NE(outcome.exit_code, 0);
}

TEST(FailingRank, ThatAbortsSaysWhyOnTheOthers) {
  const Outcome outcome = run_ranks_that("abort", 2, 1);
  EXPECT_THAT(outcome.output, HasSubstr("error (rank 0): rank 1 ended the job: shard 3 is truncated\n"));
  EXPECT_NE(outcome.exit_code, 0);
}

TEST(FailingRank, ThatIsKilledEndsTheJob) {
  const Outcome outcome = run_ranks_that("killed", 2, 2);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, ::testing::Not(HasSubstr("finished\n")));
  EXPECT_LT(outcome.seconds, 30);
}

}  // namespace
}  // namespace echelon
