#include "train/clock_offset.h"

#include <gtest/gtest.h>

#include "comm/local/local.h"

namespace echelon::train {
namespace {

TEST(ClockOffset, RanksOfOneMachineHaveOneClock) {
  run_ranks(3, [](Communicator& comm) {
    const double offset = offset_to_first_rank(comm);
    if (comm.rank() == 0) {
      EXPECT_EQ(offset, 0);
    }
    EXPECT_LT(std::abs(offset), 0.01) << "half of the shortest of some round trips at most";
  });
}

}  // namespace
}  // namespace echelon::train
