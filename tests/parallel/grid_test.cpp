#include "parallel/grid.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <set>

#include "comm/local/local.h"
#include "common/error.h"

namespace echelon::parallel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// The ranks in the world of the members of `group`, in its order.
std::vector<int> members(const RankGroup& group, int world_rank) {
  const at::Tensor all = at::empty({group.size()}, at::kInt);
  group.host.all_gather(all, at::full({1}, world_rank, at::kInt), "members")->wait();
  const int* data = all.const_data_ptr<int>();
  return {data, data + all.numel()};
}

TEST(Grid, DividesTheRanks) {
  const Grid grid = make_grid(12, 4);
  EXPECT_EQ(grid.pipeline, 4);
  EXPECT_EQ(grid.replicas, 3);
  EXPECT_EQ(grid.ranks(), 12);
  std::set<int> ranks;
  for (int place = 0; place < 4; ++place) {
    for (int replica = 0; replica < 3; ++replica) {
      const int rank = grid.rank(place, replica);
      EXPECT_EQ(grid.place(rank), place);
      EXPECT_EQ(grid.replica(rank), replica);
      ranks.insert(rank);
    }
  }
  EXPECT_EQ(ranks.size(), 12);
  EXPECT_EQ(*ranks.rbegin(), 11);
}

TEST(Grid, NamesTheNearestValidNumbers) {
  EXPECT_THAT([] { make_grid(8, 3); },
              ThrowsMessage<ConfigError>("parallel.pipeline: 3 does not divide the 8 ranks of this job; use "
                                         "2 or 4, or start 6 or 9 ranks"));
  EXPECT_THAT([] { make_grid(2, 4); }, ThrowsMessage<ConfigError>(HasSubstr("use 2, or start 4 ranks")));
  EXPECT_THAT([] { make_grid(1, 2); },
              ThrowsMessage<ConfigError>(HasSubstr("the 1 rank of this job; use 1, or start 2 ranks")));
}

TEST(GridGroups, HoldTheRanksOfAPlaceAndOfAReplica) {
  for (const int pipeline : {1, 2, 3, 6}) {
    run_ranks(6, [&](Communicator& world) {
      const Grid grid = make_grid(6, pipeline);
      GridGroups groups(grid, {world, world});
      EXPECT_EQ(grid.rank(groups.place(), groups.replica()), world.rank());
      std::vector<int> same_place, same_replica;
      for (int rank = 0; rank < 6; ++rank) {
        if (rank / grid.replicas == world.rank() / grid.replicas) same_place.push_back(rank);
        if (rank % grid.replicas == world.rank() % grid.replicas) same_replica.push_back(rank);
      }
      EXPECT_EQ(members(groups.replicas(), world.rank()), same_place);
      EXPECT_EQ(groups.replicas().rank(), groups.replica());
      if (pipeline > 1) {
        EXPECT_EQ(members(groups.pipeline(), world.rank()), same_replica);
        EXPECT_EQ(groups.pipeline().rank(), groups.place());
      }
      groups.finalize();
    });
  }
}

TEST(GridGroups, JoinPlacesOfAllReplicas) {
  run_ranks(6, [](Communicator& world) {
    GridGroups groups(make_grid(6, 3), {world, world});
    const RankGroup ends = groups.at_places({0, 2}), late = groups.at_places({1, 2});
    if (groups.place() != 1) {
      EXPECT_THAT(members(ends, world.rank()), ElementsAre(0, 1, 4, 5));
    }
    if (groups.place() != 0) {
      EXPECT_THAT(members(late, world.rank()), ElementsAre(2, 3, 4, 5));
    }
    groups.finalize();
  });
}

TEST(GridGroups, TellAllRanksOfAFailure) {
  const auto body = [](Communicator& world) {
    GridGroups groups(make_grid(4, 2), {world, world});
    if (world.rank() == 3) {
      groups.abort("out of paper");
      throw DataError("out of paper");
    }
    // Rank 3 is a neighbour of rank 2 among replicas and of rank 1 in a pipeline.
    const RankGroup group = world.rank() == 2 ? groups.replicas() : groups.pipeline();
    if (world.rank() == 0) return;
    EXPECT_THAT([&] { group.host.barrier()->wait(); }, ThrowsMessage<CommError>(HasSubstr("out of paper")));
  };
  EXPECT_THROW(run_ranks(4, body), DataError);
}

}  // namespace
}  // namespace echelon::parallel
