#include "schedule/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "lists.h"

namespace echelon::schedule {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

const std::string kRank0 = "0RECV_B0 0F0 0SEND_F0 0F1 0SEND_F1 0RECV_B1 0B0 0REDUCE 0B1 STEP";
const std::string kRank1 = "1RECV_F0 1RECV_F1 1F0 1B0 1SEND_B0 1F1 1REDUCE 1I1 1SEND_B1 1W1 STEP";

std::vector<std::string> texts(const Report& report) {
  std::vector<std::string> all;
  for (const Problem& problem : report.problems) all.push_back(problem.text());
  return all;
}

std::vector<std::string> problems_of(const std::vector<std::string>& rows,
                                     const VerifyOptions& options = {}) {
  return texts(verify(from_rows(rows), options));
}

/// `text` with the one place of `old` replaced.
std::string replaced(std::string text, const std::string& old, const std::string& fresh) {
  const size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), fresh);
}

TEST(Verify, PassesAGoodList) {
  EXPECT_THAT(problems_of({kRank0, kRank1}), testing::IsEmpty());
}

TEST(Verify, CountsWhatIsInFlight) {
  const Report report =
      verify(from_rows({"0F0 1F0 0F1 1F1 1I0 1I1 0B0 0F2 1F2 1I2 0B1 1W0 1W1 0REDUCE 0B2 1REDUCE 1W2 STEP"}));
  ASSERT_TRUE(report.ok()) << report.problems[0].text();
  EXPECT_EQ(report.of_stage[0].until_input, 2);
  EXPECT_EQ(report.of_stage[0].until_weight, 2);
  EXPECT_EQ(report.of_stage[1].until_input, 2);
  EXPECT_EQ(report.of_stage[1].until_weight, 3);
  EXPECT_EQ(report.of_rank[0].until_input, 4);
  EXPECT_EQ(report.of_rank[0].until_weight, 5);
}

struct Bad {
  std::string old, fresh;  ///< a change in rank 1's good list
  std::string expected;
};

class VerifyRefuses : public testing::TestWithParam<Bad> {};

TEST_P(VerifyRefuses, AndNamesRankActionAndReason) {
  const auto& [old, fresh, expected] = GetParam();
  EXPECT_THAT(problems_of({kRank0, replaced(kRank1, old, fresh)}), Contains(StartsWith(expected)));
}

INSTANTIATE_TEST_SUITE_P(
    Lists, VerifyRefuses,
    testing::Values(
        Bad{"1B0 1SEND_B0 ", "", "rank 1: 1B0 is missing, or its halves"},
        Bad{"1W1 ", "", "rank 1: 1W1 is missing; 1I1 is there"},
        Bad{"1I1 ", "", "rank 1: 1I1 is missing; 1W1 is there"}, Bad{"1F1 ", "", "rank 1: 1F1 is missing"},
        Bad{"1F1", "1F1 1F0", "rank 1, action 6 (1F0): stands a second time; it is action 2 already"},
        Bad{"1W1", "1W1 1B1", "rank 1, action 7 (1I1): is a half of 1B1, which is there as a whole"},
        Bad{"1F0 1B0", "1B0 1F0", "rank 1, action 2 (1B0): must stand behind 1F0"},
        Bad{"1REDUCE 1I1 1SEND_B1 1W1", "1REDUCE 1W1 1I1 1SEND_B1",
            "rank 1, action 7 (1W1): must stand behind 1I1"},
        Bad{"1SEND_B0 ", "", "rank 1, action 3 (1B0): 1SEND_B0 is missing, which sends what it makes"},
        Bad{"1RECV_F1 ", "", "rank 1, action 4 (1F1): waits for 1RECV_F1, which is missing on its rank"},
        Bad{"1RECV_F1 ", "", "rank 0, action 4 (0SEND_F1): has no match: 1RECV_F1 is missing on rank 1"},
        Bad{"1RECV_F1 1F0 1B0 1SEND_B0 1F1", "1F0 1B0 1SEND_B0 1F1 1RECV_F1",
            "rank 1, action 4 (1F1): waits for 1RECV_F1, which stands behind it"},
        Bad{"1RECV_F0 1RECV_F1", "1RECV_F1 1RECV_F0",
            "rank 1, action 0 (1RECV_F1): is out of order: rank 0 sends micro-batch 0 at this point"},
        Bad{"1B0 1SEND_B0", "1SEND_B0 1B0",
            "rank 1, action 3 (1SEND_B0): stands before 1B0, which makes what it sends"},
        Bad{"1SEND_B0", "1SEND_B0 1SEND_B0",
            "rank 1, action 5 (1SEND_B0): stands a second time; it is action 4 already"},
        Bad{"1F1", "1F1 1SEND_F1", "rank 1, action 6 (1SEND_F1): is of no use"},
        Bad{"1F1", "0F1", "rank 1, action 5 (0F1): stage 0 is on rank 0, and a stage is on one rank only"},
        Bad{"1F1", "1F7", "rank 1: 1F1 is missing"},
        Bad{"1REDUCE 1I1 1SEND_B1 1W1", "1I1 1SEND_B1 1W1 1REDUCE",
            "rank 1, action 9 (1REDUCE): must stand before the last backward of stage 1 and behind all "
            "others"},
        Bad{"1B0 1SEND_B0 1F1 1REDUCE", "1REDUCE 1B0 1SEND_B0 1F1",
            "rank 1, action 3 (1REDUCE): must stand before the last backward of stage 1 and behind all "
            "others"},
        Bad{"1REDUCE", "1REDUCE 1REDUCE", "rank 1, action 7 (1REDUCE): stands a second time"},
        Bad{"1REDUCE ", "", "rank 1: 1REDUCE is missing, while other stages have theirs"},
        Bad{" STEP", "", "rank 1: STEP is missing at the end"},
        Bad{"1W1 STEP", "STEP 1W1", "rank 1, action 9 (STEP): must be the last action of its rank"},
        Bad{"STEP", "STEP STEP", "rank 1, action 10 (STEP): must be the last action of its rank"}));

TEST(Verify, RefusesNumbersOutOfRange) {
  Schedule schedule = from_rows({kRank0, kRank1});
  schedule.micro_batches = 1;
  EXPECT_THAT(texts(verify(schedule)),
              Contains("rank 0, action 3 (0F1): there are only 1 micro-batches, counted from 0"));
  schedule.micro_batches = 2;
  schedule.rank_of_stage = {0};
  EXPECT_THAT(texts(verify(schedule)), Contains("rank 1: holds no stage; use fewer ranks"));
  EXPECT_THAT(texts(verify(schedule)),
              Contains("rank 1, action 0 (1RECV_F0): there are only 1 stages, counted from 0"));
  schedule.rank_of_stage = {0, 1, -1};
  EXPECT_THAT(texts(verify(schedule)), Contains("stage 2 is on no rank"));
  EXPECT_THAT(texts(verify(Schedule{"empty", 0, {0}, {{}}})), Contains("there is no micro-batch"));
}

TEST(Verify, RefusesHalvesOfWhatCannotBeSplit) {
  EXPECT_THAT(problems_of({kRank0, kRank1}, {.may_split = {false, true}}), testing::IsEmpty());
  EXPECT_THAT(problems_of({kRank0, kRank1}, {.may_split = {true, false}}),
              Contains("rank 1, action 7 (1I1): backward of stage 1 cannot be split; use 1B1"));
}

TEST(Verify, WantsNeighboursOnARankInOrder) {
  EXPECT_THAT(problems_of({"1F0 0F0 1REDUCE 1B0 0REDUCE 0B0 STEP"}),
              Contains("rank 0, action 0 (1F0): must stand behind 0F0"));
  EXPECT_THAT(problems_of({"0F0 1F0 0REDUCE 0B0 1REDUCE 1I0 1W0 STEP"}),
              Contains("rank 0, action 3 (0B0): must stand behind 1I0"));
}

TEST(Verify, FindsACycle) {
  // Rank 0 wants the gradient of micro-batch 0 before it makes the forward of 1; rank 1 wants that first.
  const std::vector<std::string> rows = {"0RECV_B0 0F0 0SEND_F0 0B0 0F1 0SEND_F1 0RECV_B1 0REDUCE 0B1 STEP",
                                         "1RECV_F0 1RECV_F1 1F0 1F1 1B0 1SEND_B0 1REDUCE 1B1 1SEND_B1 STEP"};
  const Report report = verify(from_rows(rows));
  EXPECT_TRUE(report.deadlock);
  EXPECT_EQ(texts(report), (std::vector<std::string>{
                               "rank 0, action 3 (0B0): deadlock: waits for 1SEND_B0 of rank 1 (rank 0 waits "
                               "for rank 1, which waits for rank 0)",
                               "rank 1, action 3 (1F1): deadlock: waits for 0SEND_F1 of rank 0 (rank 0 waits "
                               "for rank 1, which waits for rank 0)"}));
}

TEST(Verify, FindsACycleOfBoundedSends) {
  // Rank 0 makes all forwards before it posts a receive; rank 1 takes one micro-batch after the other.
  const std::vector<std::string> rows = {
      "0F0 0SEND_F0 0F1 0SEND_F1 0F2 0SEND_F2 0F3 0SEND_F3 0RECV_B0 0B0 0RECV_B1 0B1 0RECV_B2 0B2 0RECV_B3 "
      "0REDUCE 0B3 "
      "STEP",
      "1RECV_F0 1F0 1B0 1SEND_B0 1RECV_F1 1F1 1B1 1SEND_B1 1RECV_F2 1F2 1B2 1SEND_B2 1RECV_F3 1F3 1REDUCE "
      "1B3 1SEND_B3 "
      "STEP"};
  // With two, rank 1 gets to its third receive before its own gradients fill up; with one, to its second.
  EXPECT_TRUE(verify(from_rows(rows), {.send_buffers = 2}).ok());
  const Report report = verify(from_rows(rows), {.send_buffers = 1});
  ASSERT_TRUE(report.deadlock);
  EXPECT_THAT(texts(report),
              testing::ElementsAre(
                  StartsWith("rank 0, action 7 (0SEND_F3): deadlock: waits for 1RECV_F2 of rank 1"),
                  StartsWith("rank 1, action 7 (1SEND_B1): deadlock: waits for 0RECV_B0 of rank 0")));
}

TEST(Verify, ShowsTheFirstProblems) {
  EXPECT_NO_THROW(check(from_rows({kRank0, kRank1})));
  EXPECT_THAT(
      [] {
        check(from_rows({kRank0, replaced(kRank1, "1W1 ", "")}));
      },
      ThrowsMessage<ConfigError>("pipeline schedule test cannot be run:\n"
                                 "  rank 1: 1W1 is missing; 1I1 is there\n"
                                 "  rank 1, action 6 (1REDUCE): must stand before the last "
                                 "backward of stage 1 and behind all others; 0 are still to come"));
  EXPECT_THAT(
      [] {
        check(Schedule{"empty", 10, {0}, {{{ActionKind::kStep}}}});
      },
      ThrowsMessage<ConfigError>(HasSubstr("\n  and 15 more")));
}

TEST(Verify, StopsAtAHundredProblems) {
  EXPECT_EQ(verify(Schedule{"empty", 1 << 30, {0}, {{}}}).problems.size(), 100U);
}

}  // namespace
}  // namespace echelon::schedule
