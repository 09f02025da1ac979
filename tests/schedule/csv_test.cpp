#include "schedule/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/error.h"
#include "lists.h"
#include "schedule/communication.h"
#include "schedule/make_schedule.h"
#include "schedule/verify.h"
#include "temporary_folder.h"

namespace echelon::schedule {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(Csv, ComesBackAsItWasWritten) {
  for (const std::string& name : names()) {
    const Schedule schedule = make_schedule(name, 4, 6, 3);
    EXPECT_EQ(parse_csv(to_csv(schedule), name), schedule);
    const Schedule complete = with_communication(schedule);
    EXPECT_EQ(parse_csv(to_csv(complete), name), complete);
  }
}

// As PyTorch 2.x writes two ranks of an interleaved zero-bubble schedule: empty cells where a rank waits.
TEST(Csv, ReadsWhatPytorchWrites) {
  const Schedule schedule = parse_csv(
      "\xEF\xBB\xBF# placed by hand\r\n"
      "0F0,0F1,2F0,2F1,,,2I0,2W0,,0I0,2I1,0W0,2W1,0I1,0W1\r\n"
      "\r\n"
      ",1F0, 1F1 ,3F0,3I0,3F1,3W0,1I0,3I1,3W1,1W0,1I1,1W1,,\r\n",
      "pytorch.csv");
  EXPECT_EQ(schedule.name, "pytorch.csv");
  EXPECT_EQ(schedule.micro_batches, 2);
  EXPECT_EQ(schedule.rank_of_stage, (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(to_row(schedule.ranks[1]), "1F0 1F1 3F0 3I0 3F1 3W0 1I0 3I1 3W1 1W0 1I1 1W1");
  EXPECT_NO_THROW(check(with_communication(schedule)));
}

TEST(Csv, NamesRowAndCell) {
  EXPECT_THAT(
      [] { parse_csv("0F0,0B0\n\n1F0,,3UNSHARD,1B0\n", "my.csv"); },
      ThrowsMessage<ConfigError>(StartsWith("my.csv:3: cell 3: '3UNSHARD' is no action of a pipeline")));
  EXPECT_THAT([] { parse_csv("# nothing\n,,\n", "my.csv"); },
              ThrowsMessage<ConfigError>(HasSubstr("my.csv: holds no")));
  EXPECT_THAT(
      [] { parse_csv("0F0,0B0,700000000F0", "my.csv"); },
      ThrowsMessage<ConfigError>("my.csv: its numbers speak of 700000001 stages, but it has only 3 actions"));
}

TEST(Csv, LeavesAStageOnTwoRanksToTheVerifier) {
  const Schedule schedule = parse_csv("0F0,0B0\n0F1,0B1\n", "my.csv");
  EXPECT_EQ(schedule.rank_of_stage, (std::vector<int>{0}));
  EXPECT_THAT([&] { check(with_communication(schedule)); },
              ThrowsMessage<ConfigError>(HasSubstr("rank 1: holds no stage")));
}

TEST(Csv, ReadsAFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "one.csv") << "0F0,0B0";
  const Schedule schedule = read_csv(folder.path() / "one.csv");
  EXPECT_EQ(to_row(schedule.ranks.at(0)), "0F0 0B0");
  EXPECT_EQ(schedule.name, (folder.path() / "one.csv").string());
  EXPECT_THROW(read_csv(folder.path() / "none.csv"), Error);
}

}  // namespace
}  // namespace echelon::schedule
