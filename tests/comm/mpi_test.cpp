// The mpi backend in real processes. With ECHELON_RANKS_PER_NODE the same ranks count as several nodes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "comm/reduction.h"
#include "comm/sweep.h"
#include "common/format.h"
#include "mpi_world.h"

namespace echelon {
namespace {

using testing::world;

class MpiCollectives : public ::testing::TestWithParam<at::ScalarType> {};

TEST_P(MpiCollectives, MatchTheReference) {
  testing::sweep_collectives(world(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Mpi, MpiCollectives, ::testing::ValuesIn(testing::element_types()),
                         [](const auto& info) { return element_name(info.param); });

TEST(Mpi, KnowsItsLaunch) {
  const Launch& launch = testing::launch();
  EXPECT_EQ(launch.world_size, world().size());
  EXPECT_EQ(launch.rank, world().rank());
  EXPECT_EQ(launch.local_size, launch.world_size);  // tests run on one host
  EXPECT_EQ(launch.local_rank, launch.rank);
  EXPECT_FALSE(launch.launched_by.empty());
  EXPECT_FALSE(launch.library.empty());
}

TEST(Mpi, GivesTheSameBitsToEveryRank) {
  testing::check_same_bits(world());
}
TEST(Mpi, RunsManyOperationsAtOnce) {
  testing::check_asynchronous(world());
}
TEST(Mpi, PassesMessages) {
  testing::check_messages(world());
}
TEST(Mpi, Splits) {
  testing::check_split(world());
}
TEST(Mpi, AllocatesSharedMemory) {
  testing::check_allocate(world());
}

}  // namespace
}  // namespace echelon
