// The local backend, and with it the shared-memory path of one node.
#include "comm/local/local.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comm/reduction.h"
#include "comm/sweep.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

class Collectives : public ::testing::TestWithParam<std::tuple<int, at::ScalarType>> {};

TEST_P(Collectives, MatchTheReference) {
  const auto [ranks, type] = GetParam();
  run_ranks(ranks, [type](Communicator& comm) { testing::sweep_collectives(comm, type); });
}

INSTANTIATE_TEST_SUITE_P(Local, Collectives,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4),
                                            ::testing::ValuesIn(testing::element_types())),
                         [](const auto& info) {
                           return str_format("{}_ranks_{}", std::get<0>(info.param),
                                             element_name(std::get<1>(info.param)));
                         });

class World : public ::testing::TestWithParam<int> {};

TEST_P(World, GivesTheSameBitsToEveryRank) {
  run_ranks(GetParam(), testing::check_same_bits);
}
TEST_P(World, RunsManyOperationsAtOnce) {
  run_ranks(GetParam(), testing::check_asynchronous);
}
TEST_P(World, PassesMessages) {
  run_ranks(GetParam(), testing::check_messages);
}
TEST_P(World, Splits) {
  run_ranks(GetParam(), testing::check_split);
}
TEST_P(World, AllocatesSharedMemory) {
  run_ranks(GetParam(), testing::check_allocate);
}

INSTANTIATE_TEST_SUITE_P(Local, World, ::testing::Values(1, 2, 3, 4),
                         [](const auto& info) { return str_format("{}_ranks", info.param); });

TEST(LocalWorld, ReducesABigTensor) {
  run_ranks(2, [](Communicator& comm) {
    constexpr int64_t kElements = (int64_t{1} << 23) + 3;
    at::Tensor tensor = at::arange(kElements, at::kInt) * (comm.rank() + 1);
    comm.all_reduce(tensor, Reduce::kSum)->wait();
    EXPECT_TRUE(at::equal(tensor, at::arange(kElements, at::kInt) * 3));
  });
}

TEST(LocalWorld, KeepsNotANumber) {
  run_ranks(3, [](Communicator& comm) {
    for (const Reduce op : {Reduce::kSum, Reduce::kMean, Reduce::kMin, Reduce::kMax}) {
      at::Tensor tensor = at::ones({300}, at::kFloat);
      if (comm.rank() == 1) tensor[7] = std::numeric_limits<float>::quiet_NaN();
      comm.all_reduce(tensor, op)->wait();
      EXPECT_TRUE(tensor[7].isnan().item<bool>());
      EXPECT_FALSE(tensor[8].isnan().item<bool>());
    }
  });
}

TEST(LocalWorld, RefusesWhatItCannotMove) {
  const auto world = make_local_world(1);
  Communicator& comm = *world[0];
  const at::Tensor turned = at::zeros({3, 4}).t();
  EXPECT_THROW(comm.all_reduce(turned, Reduce::kSum), InternalError);
  EXPECT_THROW(comm.all_reduce(at::zeros({3}, at::kComplexFloat), Reduce::kSum), InternalError);
  EXPECT_THROW(comm.all_reduce(at::zeros({3}, at::kInt), Reduce::kMean), InternalError);
  EXPECT_THROW(comm.all_gather(at::zeros({3}), at::zeros({2})), InternalError);
  EXPECT_THROW(comm.broadcast(at::zeros({3}), 1), InternalError);
  EXPECT_THROW(comm.send(at::zeros({3}), 0), InternalError);
  try {
    comm.broadcast(turned, 0);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("not contiguous"));
  }
}

TEST(LocalWorld, RunRanksThrowsWhatARankThrows) {
  try {
    run_ranks(3, [](Communicator& comm) {
      if (comm.rank() == 1) throw DataError("shard 7 is truncated");
      comm.barrier()->wait();
    });
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "shard 7 is truncated");
  }
}

}  // namespace
}  // namespace echelon
