// NCCL collectives for every number of ranks that the GPUs here allow, each against its formula.
#include "common/clock.h"
#include "common/error.h"
#include "cuda/gpu/gpu_ranks.h"

namespace echelon {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr at::ScalarType kTypes[] = {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16,
                                     at::kInt,   at::kLong,   at::kByte};

class Nccl : public ::testing::TestWithParam<int> {
 protected:
  int size() const { return GetParam(); }
};

/// Element i of rank r is r + i % 5: small enough to be exact in every type.
at::Tensor pattern(const GpuRank& rank, int64_t elements, at::ScalarType type) {
  return (at::arange(elements, at::kLong).remainder(5) + rank.rank())
      .to(type)
      .to(rank.options(type).device());
}

TEST_P(Nccl, AllReducesEveryType) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    for (const at::ScalarType type : kTypes) {
      const at::Tensor i = at::arange(1001, at::kLong).remainder(5);
      const at::Tensor sum = pattern(rank, 1001, type);
      const at::Tensor least = pattern(rank, 1001, type);
      const at::Tensor most = pattern(rank, 1001, type);
      nccl.all_reduce(sum, Reduce::kSum, "sum")->wait();
      nccl.all_reduce(least, Reduce::kMin, "least")->wait();
      nccl.all_reduce(most, Reduce::kMax, "most")->wait();
      EXPECT_TRUE(at::equal(sum.cpu().to(at::kLong), i * size() + size() * (size() - 1) / 2)) << type;
      EXPECT_TRUE(at::equal(least.cpu().to(at::kLong), i)) << type;
      EXPECT_TRUE(at::equal(most.cpu().to(at::kLong), i + size() - 1)) << type;
    }
  });
}

TEST_P(Nccl, MeanDividesByTheNumberOfRanks) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const at::Tensor mean = at::full({7}, rank.rank(), rank.options(at::kDouble));
    nccl.all_reduce(mean, Reduce::kMean, "mean")->wait();
    EXPECT_TRUE(at::allclose(mean.cpu(), at::full({7}, (size() - 1) / 2.0, at::kDouble), 1e-14));
  });
}

TEST_P(Nccl, SumOfBoolsIsTheirOr) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const at::Tensor flags = at::arange(size() + 1, rank.options(at::kLong)).eq(rank.rank());
    nccl.all_reduce(flags, Reduce::kSum, "flags")->wait();
    EXPECT_TRUE(at::equal(flags.cpu(), at::arange(size() + 1).lt(size())));  // nobody sets the last
  });
}

TEST_P(Nccl, ReduceScattersAndGathersInPlace) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const at::Tensor whole =
        at::arange(size() * 3, rank.options(at::kDouble)).view({size(), 3}) + rank.rank();
    const at::Tensor part = whole.select(0, rank.rank());
    nccl.reduce_scatter(part, whole, Reduce::kSum, "scatter")->wait();
    nccl.all_gather(whole, part, "gather")->wait();
    const at::Tensor expected = at::arange(size() * 3, at::kDouble).view({size(), 3}) * size();
    EXPECT_TRUE(at::equal(whole.cpu(), expected + size() * (size() - 1) / 2.0));
  });
}

TEST_P(Nccl, BroadcastsFromEveryRoot) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    for (int root = 0; root < size(); ++root) {
      const at::Tensor tensor = at::full({11}, rank.rank(), rank.options(at::kInt));
      nccl.broadcast(tensor, root, "root")->wait();
      EXPECT_TRUE(at::equal(tensor.cpu(), at::full({11}, root, at::kInt)));
    }
  });
}

TEST_P(Nccl, EmptyTensorsNeedNoCall) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const at::Tensor empty = at::empty({0, 4}, rank.options());
    const Work reduced = nccl.all_reduce(empty, Reduce::kSum, "empty");
    reduced->wait();
    nccl.all_gather(empty, empty, "empty")->wait();
    nccl.barrier("after")->wait();
    EXPECT_TRUE(reduced->done());
  });
}

TEST_P(Nccl, StartsAfterTheCallersStreamAndBeforeItsNextWork) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    at::Tensor product = at::eye(2048, rank.options());
    for (int i = 0; i < 20; ++i) product = at::mm(product, at::eye(2048, rank.options()));
    const Work work = nccl.all_reduce(product, Reduce::kSum, "product");
    work->wait();
    const at::Tensor next = product.sum();  // queued, not waited for by the host until item()
    EXPECT_EQ(next.item<float>(), size() * 2048.0F);
  });
}

TEST_P(Nccl, BarrierWaitsOnTheHost) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const at::Tensor tensor = at::ones({1 << 24}, rank.options());
    const Work work = nccl.all_reduce(tensor, Reduce::kSum, "before");
    nccl.barrier("barrier")->wait();
    EXPECT_TRUE(work->done());
  });
}

TEST_P(Nccl, AllocatesOnItsDevice) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const at::Tensor tensor = nccl.allocate(5, at::kHalf);
    EXPECT_EQ(tensor.device(), rank.options().device());
    EXPECT_EQ(tensor.scalar_type(), at::kHalf);
    EXPECT_EQ(tensor.numel(), 5);
  });
}

TEST_P(Nccl, SplitsByColor) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const auto part = nccl.split(rank.rank() % 2, -rank.rank());
    const int members = (size() + 1 - rank.rank() % 2) / 2;
    EXPECT_EQ(part->size(), members);
    EXPECT_EQ(part->rank(), members - 1 - rank.rank() / 2);
    const at::Tensor one = at::ones({1}, rank.options());
    part->all_reduce(one, Reduce::kSum, "members")->wait();
    EXPECT_EQ(one.item<float>(), members);
    part->finalize();
  });
}

TEST_P(Nccl, RefusesWhatItCannotMove) {
  run_nccl_ranks(size(), [&](GpuRank& rank, Communicator& nccl) {
    const auto reduce = [&](const at::Tensor& tensor, Reduce op) { nccl.all_reduce(tensor, op, "x"); };
    EXPECT_THAT([&] { reduce(at::ones({2}), Reduce::kSum); },
                ThrowsMessage<InternalError>(HasSubstr("the tensor is on cpu")));
    EXPECT_THAT(
        [&] {
          reduce(at::ones({2, 3}, rank.options()).t(), Reduce::kSum);
        },
        ThrowsMessage<InternalError>(HasSubstr("not contiguous")));
    EXPECT_THROW(reduce(at::ones({2}, rank.options(at::kInt)), Reduce::kMean), InternalError);
    EXPECT_THROW(reduce(at::ones({2}, rank.options(at::kChar)), Reduce::kSum), InternalError);
    EXPECT_THROW(nccl.broadcast(at::ones({2}, rank.options()), size(), "x"), InternalError);
  });
}

TEST_P(Nccl, LeavingWithoutFinalizeDoesNotHang) {
  const Stopwatch watch;
  run_gpu_ranks(size(), size(), [&](GpuRank& rank) {
    const auto nccl = rank.make_nccl();
    if (rank.rank() != size() - 1) return;
    try {
      nccl->all_reduce(at::ones({4}, rank.options()), Reduce::kSum, "met by nobody");
    } catch (const CommError&) {
      // where the others have left before NCCL could connect to them
    }
  });
  EXPECT_LT(watch.seconds(), 40);
}

INSTANTIATE_TEST_SUITE_P(Ranks, Nccl, ::testing::Range(1, gpu_count() + 1),
                         ::testing::PrintToStringParamName());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Nccl);

TEST(NcclOnOneGpu, RefusesTwoRanksOnTheSameGpu) {
  ASSERT_GE(gpu_count(), 1) << cuda_lookup().why_not;
  EXPECT_THAT([] { run_gpu_ranks(2, 1, [](GpuRank& rank) { rank.make_nccl(); }); },
              ThrowsMessage<CommError>(HasSubstr("ranks 0 and 1 use the same GPU")));
}

}  // namespace
}  // namespace echelon
