#include "parallel/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace echelon::parallel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ParallelSettings parse(std::string_view text) {
  return config::parse<ParallelSettings>(text, ECHELON_SOURCE_DIR "/tests/parallel/f.yaml");
}

std::string problem(std::string_view text) {
  try {
    parse(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ParallelSettings, OneRankAModelByDefault) {
  const ParallelSettings settings = parse("");
  EXPECT_EQ(settings.pipeline, 1);
  EXPECT_EQ(schedule_name(settings.schedule), "auto");
  EXPECT_THAT(settings.split, ElementsAre("auto"));
  EXPECT_THAT(settings.recompute, ElementsAre("none"));
  EXPECT_FALSE(settings.shard_optimizer);
}

TEST(ParallelSettings, SchedulesHaveTheNamesThatTheConfigurationGivesThem) {
  for (const std::string name : {"auto", "gpipe", "1f1b", "interleaved", "zb_h1", "zb_v"})
    EXPECT_EQ(schedule_name(parse("schedule: " + name + "\n").schedule), name);
  EXPECT_EQ(schedule_name(parse("schedule: {file: settings_test.cpp}\n").schedule), "file");
}

TEST(ParallelSettings, SettingsOfASchedule) {
  EXPECT_EQ(std::get<Interleaved>(parse("schedule: interleaved\n").schedule).chunks, 2);
  EXPECT_EQ(std::get<Interleaved>(parse("schedule: {interleaved: 3}\n").schedule).chunks, 3);
  EXPECT_EQ(std::get<Interleaved>(parse("schedule: {interleaved: {chunks: 3}}\n").schedule).chunks, 3);
  EXPECT_THAT(std::get<ScheduleFile>(parse("schedule: {file: settings_test.cpp}\n").schedule).path.path,
              testing::EndsWith("/tests/parallel/settings_test.cpp"));
  EXPECT_THAT(problem("schedule: zb_w\n"), HasSubstr(":1:11: schedule: 'zb_w' is not possible"));
  EXPECT_THAT(problem("schedule: {interleaved: 0}\n"),
              HasSubstr(":1:25: schedule.interleaved.chunks: must be at least 1, is 0"));
  EXPECT_THAT(problem("schedule: file\n"), HasSubstr("missing required key 'schedule.file.path'"));
}

TEST(ParallelSettings, WordsForAllLayersStandAlone) {
  EXPECT_THAT(parse("recompute: full\n").recompute, ElementsAre("full"));
  EXPECT_THAT(parse("recompute: [block.*, head]\n").recompute, ElementsAre("block.*", "head"));
  EXPECT_THAT(problem("recompute: [block.1, full]\n"),
              HasSubstr(":1:22: recompute.1: 'full' stands alone or not at all; remove it or the rest"));
  EXPECT_THAT(problem("recompute: [none, block.1]\n"), HasSubstr(":1:13: recompute.0: 'none' stands alone"));
  EXPECT_THAT(problem("split: [a, auto]\n"), HasSubstr(":1:12: split.1: 'auto' stands alone"));
  EXPECT_THAT(problem("split: [a, b, a]\n"), HasSubstr(":1:15: split.2: names 'a' a second time"));
  EXPECT_THAT(problem("split: ''\n"), HasSubstr("split.0: is empty; write the name of a layer"));
}

}  // namespace
}  // namespace echelon::parallel
