// Host backends move GPU tensors through pinned memory; there several ranks may share one GPU. The mpi
// backend stages with the same code as the local one.
#include "cuda/gpu/gpu_ranks.h"

namespace echelon {
namespace {

TEST(StagedTensors, RanksThatShareAGpuReduceAndGather) {
  ASSERT_GE(gpu_count(), 1) << cuda_lookup().why_not;
  run_gpu_ranks(2, 1, [](GpuRank& rank) {
    const at::Tensor sum = at::full({1000}, rank.rank() + 1.0, rank.options());
    rank.host.all_reduce(sum, Reduce::kSum, "sum")->wait();
    EXPECT_TRUE(at::equal(sum.cpu(), at::full({1000}, 3.0)));
    const at::Tensor all = at::empty({2, 5}, rank.options(at::kLong));
    rank.host.all_gather(all, at::full({5}, rank.rank(), rank.options(at::kLong)), "all")->wait();
    EXPECT_TRUE(at::equal(all.cpu(), at::arange(2, at::kLong).unsqueeze(1).expand({2, 5})));
  });
}

TEST(StagedTensors, SeeWhatTheCallersStreamComputesFirst) {
  ASSERT_GE(gpu_count(), 1) << cuda_lookup().why_not;
  run_gpu_ranks(2, 1, [](GpuRank& rank) {
    at::Tensor product = at::eye(2048, rank.options());
    for (int i = 0; i < 20; ++i) product = at::mm(product, at::eye(2048, rank.options()));
    rank.host.all_reduce(product, Reduce::kSum, "product")->wait();
    EXPECT_EQ(product.sum().item<float>(), 2 * 2048);
  });
}

TEST(StagedTensors, TravelAsMessages) {
  ASSERT_GE(gpu_count(), 1) << cuda_lookup().why_not;
  run_gpu_ranks(2, 1, [](GpuRank& rank) {
    const int other = 1 - rank.rank();
    const at::Tensor mine = at::full({1 << 20}, rank.rank(), rank.options(at::kInt));
    const at::Tensor theirs = at::empty({1 << 20}, rank.options(at::kInt));
    const Work sent = rank.host.send(mine, other, 3, "exchange");
    rank.host.receive(theirs, other, 3, "exchange")->wait();
    sent->wait();
    EXPECT_TRUE(at::equal(theirs.cpu(), at::full({1 << 20}, other, at::kInt)));
  });
}

}  // namespace
}  // namespace echelon
