// Messages between GPUs, and what happens when ranks disagree or do not come: needs two GPUs or more.
#include <thread>

#include "common/clock.h"
#include "common/error.h"
#include "cuda/gpu/gpu_ranks.h"

namespace echelon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kTimeout = 5;  // seconds

class NcclRanks : public ::testing::TestWithParam<int> {
 protected:
  int size() const { return GetParam(); }
};

/// What `call` throws as CommError; fails the test when it throws nothing.
std::string comm_error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const CommError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no CommError was thrown";
  return "";
}

TEST_P(NcclRanks, LargeMessagesGoRoundTheRing) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const int next = (rank.rank() + 1) % size();
    const int previous = (rank.rank() + size() - 1) % size();
    constexpr int64_t kElements = 1 << 24;  // 64 MiB: beyond every buffer inside NCCL
    const at::Tensor mine = at::full({kElements}, rank.rank(), rank.options(at::kInt));
    const at::Tensor theirs = at::empty({kElements}, rank.options(at::kInt));
    const Work sent = nccl.send(mine, next, 1, "ring");
    nccl.receive(theirs, previous, 1, "ring")->wait();
    sent->wait();
    EXPECT_TRUE(at::equal(theirs.cpu(), at::full({kElements}, previous, at::kInt)));
  });
}

TEST_P(NcclRanks, MessagesOfOnePairArriveInOrder) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const at::Tensor first = at::full({3}, 1, rank.options(at::kInt));
    const at::Tensor second = at::full({3}, 2, rank.options(at::kInt));
    if (rank.rank() == 0) {
      const Work one = nccl.send(first, 1, 0, "first");
      nccl.send(second, 1, 0, "second")->wait();
      one->wait();
    } else if (rank.rank() == 1) {
      const at::Tensor a = at::zeros({3}, rank.options(at::kInt));
      const at::Tensor b = at::zeros({3}, rank.options(at::kInt));
      const Work one = nccl.receive(a, 0, 0, "first");
      nccl.receive(b, 0, 0, "second")->wait();
      one->wait();
      EXPECT_TRUE(at::equal(a.cpu(), first.cpu()));
      EXPECT_TRUE(at::equal(b.cpu(), second.cpu()));
    }
  });
}

TEST_P(NcclRanks, NamesTheRankThatDoesNotCome) {
  const auto body = [&](GpuRank& rank) {
    const auto nccl = rank.make_nccl();
    const at::Tensor tensor = at::ones({8}, rank.options());
    const Stopwatch watch;
    const std::string error = comm_error_of([&] {
      if (rank.rank() > 0) nccl->all_reduce(tensor, Reduce::kSum, "bucket 3")->wait();
      while (watch.seconds() < 4 * kTimeout) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        nccl->allocate(1, at::kFloat);  // throws once the communicator has failed
      }
    });
    EXPECT_THAT(error,
                AllOf(HasSubstr("rank 0 has not entered"), HasSubstr("all_reduce"), HasSubstr("bucket 3")));
    EXPECT_LT(watch.seconds(), 3 * kTimeout);
  };
  run_gpu_ranks(size(), size(), body, kTimeout);
}

TEST_P(NcclRanks, NamesTheRankWhoseShapeDiffers) {
  const auto body = [&](GpuRank& rank) {
    const auto nccl = rank.make_nccl();
    const at::Tensor tensor = at::ones({rank.rank() == 0 ? int64_t{1} << 20 : int64_t{8}}, rank.options());
    const std::string error = comm_error_of([&] {
      nccl->all_reduce(tensor, Reduce::kSum, "shapes")->wait();
      nccl->barrier("after")->wait();
    });
    EXPECT_THAT(error, AllOf(HasSubstr("ranks disagree"), HasSubstr("[1048576]"), HasSubstr("[8]")));
  };
  run_gpu_ranks(size(), size(), body, kTimeout);
}

TEST_P(NcclRanks, AbortReachesEveryRank) {
  run_gpu_ranks(size(), size(), [&](GpuRank& rank) {
    const auto nccl = rank.make_nccl();
    const std::string error = comm_error_of([&] {
      if (rank.rank() == 0) nccl->abort("the disk is full");
      nccl->barrier("after")->wait();
    });
    EXPECT_THAT(error, AllOf(HasSubstr("rank 0"), HasSubstr("the disk is full")));
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, NcclRanks, ::testing::Range(2, std::max(2, gpu_count() + 1)),
                         ::testing::PrintToStringParamName());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NcclRanks);

}  // namespace
}  // namespace echelon
