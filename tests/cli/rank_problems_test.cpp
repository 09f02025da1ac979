#include <gmock/gmock.h>

#include "cli/doctor.h"

namespace echelon::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// `count` ranks of one host with 8 cores, two cores to each.
std::vector<RankFacts> healthy(int count) {
  std::vector<RankFacts> ranks(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    RankFacts& rank = ranks[static_cast<size_t>(i)];
    rank.rank = rank.local_rank = i;
    rank.host = "node1";
    rank.local_size = count;
    rank.host_cores = 8;
    rank.cores = {2 * i, 2 * i + 1};
    rank.threads = 2;
    rank.shared_memory_bytes = int64_t{1} << 30;
  }
  return ranks;
}

TEST(FindProblems, NoneInAHealthyLaunch) {
  EXPECT_THAT(find_problems(healthy(4)), IsEmpty());
}

TEST(FindProblems, TwoRanksOnOneGpu) {
  std::vector<RankFacts> ranks = healthy(4);
  for (int i = 0; i < 4; ++i) ranks[static_cast<size_t>(i)].gpu_index = i % 3;
  EXPECT_THAT(find_problems(ranks), ElementsAre(HasSubstr("node1: ranks 0, 3 share GPU 0")));
}

TEST(FindProblems, MoreThreadsThanCores) {
  std::vector<RankFacts> ranks = healthy(4);
  ranks[2].threads = 3;
  EXPECT_THAT(find_problems(ranks), ElementsAre(HasSubstr("4 ranks with 9 compute threads on 8 cores")));
}

TEST(FindProblems, RanksBoundToTheSameCores) {
  std::vector<RankFacts> ranks = healthy(4);
  ranks[3].cores = {0, 1};
  for (RankFacts& rank : ranks) rank.threads = 1;
  EXPECT_THAT(find_problems(ranks), ElementsAre(HasSubstr("several ranks are bound to the same cores")));
}

TEST(FindProblems, MostCoresLeftIdleByBinding) {
  std::vector<RankFacts> ranks = healthy(2);
  EXPECT_THAT(find_problems(ranks), ElementsAre(HasSubstr("bound the ranks to 4 of 8 cores")));
}

TEST(FindProblems, SmallSharedMemory) {
  std::vector<RankFacts> ranks = healthy(4);
  for (RankFacts& rank : ranks) rank.shared_memory_bytes = 1 << 20;
  EXPECT_THAT(find_problems(ranks), ElementsAre(HasSubstr("only 1.00 MiB are free in /dev/shm")));
}

TEST(FindProblems, RunFolderNotShared) {
  std::vector<RankFacts> ranks = healthy(4);
  ranks[1].sees_run_directory = false;
  EXPECT_THAT(find_problems(ranks), ElementsAre(HasSubstr("does not see the run folder of rank 0")));
}

}  // namespace
}  // namespace echelon::cli
