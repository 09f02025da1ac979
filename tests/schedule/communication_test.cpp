#include "schedule/communication.h"

#include <gtest/gtest.h>

#include "lists.h"
#include "schedule/make_schedule.h"

namespace echelon::schedule {
namespace {

// 1F1B of two ranks and three micro-batches, by hand from the rules in communication.h.
TEST(Communication, PostsReceivesOneAheadAndSendsAtOnce) {
  const Schedule schedule = with_communication(make_schedule("1f1b", 2, 3));
  EXPECT_EQ(to_row(schedule.ranks[0]),
            "0RECV_B0 0F0 0SEND_F0 0F1 0SEND_F1 0RECV_B1 0B0 0F2 0SEND_F2 0RECV_B2 0B1 0REDUCE 0B2 STEP");
  EXPECT_EQ(to_row(schedule.ranks[1]),
            "1RECV_F0 1RECV_F1 1F0 1B0 1SEND_B0 1RECV_F2 1F1 1B1 1SEND_B1 1F2 1REDUCE 1B2 1SEND_B2 STEP");
}

TEST(Communication, NeedsNoMessagesWithinARank) {
  const Schedule schedule = with_communication(make_schedule("zb_v", 2, 1));
  // Stages 1 and 2 are both on rank 1.
  EXPECT_EQ(to_row(schedule.ranks[1]),
            "1RECV_F0 2RECV_B0 1F0 2F0 2SEND_F0 2I0 2REDUCE 2W0 1I0 1SEND_B0 1REDUCE 1W0 STEP");
}

TEST(Communication, ReceivesInTheOrderOfTheSends) {
  const Schedule schedule =
      with_communication(from_rows({"0F0 0F1 0F2 0B0 0B1 0B2", "1F2 1F1 1F0 1B1 1B0 1B2"}));
  EXPECT_EQ(to_row(schedule.ranks[1]),
            "1RECV_F0 1RECV_F1 1RECV_F2 1F2 1F1 1F0 1B1 1SEND_B1 1B0 1SEND_B0 1REDUCE 1B2 1SEND_B2 STEP");
  EXPECT_EQ(to_row(schedule.ranks[0]),
            "0RECV_B1 0RECV_B0 0F0 0SEND_F0 0F1 0SEND_F1 0F2 0SEND_F2 0B0 0RECV_B2 0B1 0REDUCE 0B2 STEP");
}

TEST(Communication, IsAddedOnce) {
  for (const std::string& name : names()) {
    const Schedule once = with_communication(make_schedule(name, 3, 4, 2));
    EXPECT_EQ(with_communication(once), once) << name;
  }
}

TEST(Communication, LeavesAListsOwnMessages) {
  const Schedule schedule =
      with_communication(from_rows({"0F0 0SEND_F0 0RECV_B0 0B0", "1RECV_F0 1F0 1I0 1SEND_B0 1REDUCE 1W0"}));
  EXPECT_EQ(to_row(schedule.ranks[0]), "0F0 0SEND_F0 0RECV_B0 0B0 STEP");
  EXPECT_EQ(to_row(schedule.ranks[1]), "1RECV_F0 1F0 1I0 1SEND_B0 1REDUCE 1W0 STEP");
}

}  // namespace
}  // namespace echelon::schedule
