#include "schedule/action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"

namespace echelon::schedule {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// The notation of torch.distributed.pipelining.schedules._Action.
TEST(Action, IsWrittenAsPytorchWritesIt) {
  const std::vector<std::pair<Action, std::string>> examples = {
      {{ActionKind::kForward, 3, 5}, "3F5"},
      {{ActionKind::kBackward, 3, 5}, "3B5"},
      {{ActionKind::kBackwardInput, 0, 12}, "0I12"},
      {{ActionKind::kBackwardWeight, 10, 0}, "10W0"},
      {{ActionKind::kSendActivations, 3, 5}, "3SEND_F5"},
      {{ActionKind::kReceiveActivations, 3, 5}, "3RECV_F5"},
      {{ActionKind::kSendGradients, 3, 5}, "3SEND_B5"},
      {{ActionKind::kReceiveGradients, 3, 5}, "3RECV_B5"},
      {{ActionKind::kReduce, 3}, "3REDUCE"},
      {{ActionKind::kStep}, "STEP"},
  };
  for (const auto& [action, text] : examples) {
    EXPECT_EQ(to_string(action), text);
    EXPECT_EQ(parse_action(text), action) << text;
  }
}

TEST(Action, RefusesWhatItWouldNotWrite) {
  for (const char* text :
       {"",         "F",      "3",     "3F",    "F5",       "3f5",           "3X5",
        "3F5 ",     " 3F5",   "3F-5",  "-3F5",  "03F5",     "3F05",          "3F5F",
        "3REDUCE5", "REDUCE", "3STEP", "STEP1", "3UNSHARD", "99999999999F0", "3F99999999999"}) {
    EXPECT_THAT([&] { parse_action(text); },
                ThrowsMessage<ConfigError>(HasSubstr(std::string("'") + text + "' is no action")));
  }
}

TEST(Schedule, KnowsTheStagesOfARank) {
  const Schedule schedule{"v", 1, {0, 1, 1, 0}, {{}, {}}};
  EXPECT_EQ(schedule.stages(), 4);
  EXPECT_EQ(schedule.rank_count(), 2);
  EXPECT_EQ(schedule.stages_of(0), (std::vector<int>{0, 3}));
  EXPECT_EQ(schedule.stages_of(1), (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace echelon::schedule
