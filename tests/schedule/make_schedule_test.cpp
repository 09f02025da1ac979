#include "schedule/make_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "lists.h"
#include "schedule/communication.h"
#include "schedule/verify.h"

namespace echelon::schedule {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// Calls visit(p, m, v) for small numbers of all kinds, and for some large ones.
template <class Visit>
void for_each_shape(Visit visit) {
  for (const int p : {1, 2, 3, 4, 5, 8}) {
    for (const int m : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17}) {
      for (const int v : {1, 2, 3}) visit(p, m, v);
    }
  }
  visit(16, 32, 2);
  visit(16, 37, 4);
}

TEST(MakeSchedule, GivesListsThatVerify) {
  for_each_shape([](int p, int m, int v) {
    for (const std::string& name : names()) {
      if (v > 1 && name != "interleaved") continue;
      const Schedule schedule = with_communication(make_schedule(name, p, m, v));
      for (const int send_buffers : {1, 2}) {
        const Report report = verify(schedule, {.send_buffers = send_buffers});
        ASSERT_TRUE(report.ok()) << str_format("{} p={} m={} v={} buffers={}: ", name, p, m, v, send_buffers)
                                 << report.problems[0].text();
      }
    }
  });
}

// Figures 3 and 4 of 2104.04473 (PipeDream-Flush with four stages), figure 2 of 1811.06965.
TEST(MakeSchedule, OrdersAsPublished) {
  EXPECT_EQ(to_row(make_schedule("gpipe", 2, 3).ranks[1]), "1F0 1F1 1F2 1B0 1B1 1B2");
  const Schedule one = make_schedule("1f1b", 4, 6);
  EXPECT_EQ(to_row(one.ranks[0]), "0F0 0F1 0F2 0F3 0B0 0F4 0B1 0F5 0B2 0B3 0B4 0B5");
  EXPECT_EQ(to_row(one.ranks[3]), "3F0 3B0 3F1 3B1 3F2 3B2 3F3 3B3 3F4 3B4 3F5 3B5");
  // Figure 4: four ranks of two chunks; rank 4 there begins 1 2 3 4 (first chunk), then 1 forward and 1
  // backward.
  const Schedule two = make_schedule("interleaved", 4, 8, 2);
  EXPECT_THAT(to_row(two.ranks[3]),
              testing::StartsWith("3F0 3F1 3F2 3F3 7F0 7B0 7F1 7B1 7F2 7B2 7F3 7B3 3F4 3B0"));
  EXPECT_THAT(to_row(two.ranks[0]),
              testing::StartsWith("0F0 0F1 0F2 0F3 4F0 4F1 4F2 4F3 0F4 0F5 0F6 4B0 0F7 4B1"));
}

TEST(MakeSchedule, PlacesStages) {
  EXPECT_EQ(make_schedule("interleaved", 2, 2, 3).rank_of_stage, (std::vector<int>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(make_schedule("zb_v", 3, 2).rank_of_stage, (std::vector<int>{0, 1, 2, 2, 1, 0}));
  EXPECT_EQ(make_schedule("zb_h1", 3, 2, 4).rank_of_stage, (std::vector<int>{0, 1, 2}));
}

TEST(MakeSchedule, KeepsToItsMemory) {
  for_each_shape([](int p, int m, int v) {
    const auto in_flight = [&](const char* name) {
      return verify(with_communication(make_schedule(name, p, m, v))).of_rank;
    };
    const auto interleaved = in_flight("interleaved");
    const int group = (m + std::max(1, m / p) - 1) / std::max(1, m / p);
    for (int r = 0; r < p && v > 1;
         ++r) {  // section 2.2 of 2104.04473, Megatron-LM: the warm-up and one more
      EXPECT_EQ(interleaved.at(r).until_weight, std::min(v * m, (v - 1) * group + 2 * (p - r) - 1));
    }
    if (v > 1) return;
    const auto all = in_flight("gpipe"), one = in_flight("1f1b"), h1 = in_flight("zb_h1"),
               turn = in_flight("zb_v");
    for (int r = 0; r < p; ++r) {
      EXPECT_EQ(all.at(r).until_weight, m);
      EXPECT_EQ(one.at(r).until_weight, std::min(m, p - r));
      EXPECT_EQ(h1.at(r).until_input, std::min(m, p - r));
      EXPECT_LE(h1.at(r).until_weight, std::min(m, p));
      EXPECT_LE(turn.at(r).until_weight, 2 * p);
    }
  });
}

TEST(MakeSchedule, RefusesWhatIsNone) {
  EXPECT_THAT([] { make_schedule("zbv", 2, 2); },
              ThrowsMessage<ConfigError>(
                  "there is no pipeline schedule 'zbv'; use gpipe, 1f1b, interleaved, zb_h1 or zb_v"));
  EXPECT_THAT([] { make_schedule("1f1b", 0, 2); },
              ThrowsMessage<ConfigError>(HasSubstr("at least 1 rank, has 0")));
  EXPECT_THAT([] { make_schedule("1f1b", 2, 0); },
              ThrowsMessage<ConfigError>(HasSubstr("at least 1 micro-batch, has 0; use 1")));
  EXPECT_THAT([] { make_schedule("interleaved", 2, 2, 0); },
              ThrowsMessage<ConfigError>(HasSubstr("at least 1 chunk a rank, has 0")));
}

}  // namespace
}  // namespace echelon::schedule
