#include "train/record/metrics_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "temporary_folder.h"

namespace echelon::train {
namespace {

using nlohmann::json;
using testing::ElementsAre;

std::vector<json> records_in(const fs::path& path) {
  std::ifstream file(path);
  std::vector<json> records;
  for (std::string line; std::getline(file, line);) records.push_back(json::parse(line));
  return records;
}

std::vector<int64_t> steps_in(const fs::path& path) {
  std::vector<int64_t> steps;
  for (const json& record : records_in(path)) steps.push_back(record["step"]);
  return steps;
}

TEST(MetricsLog, WritesALineARecord) {
  const TemporaryFolder folder;
  StepRecord step{.step = 10, .total_steps = 20, .epoch = 0.5, .loss = NAN, .learning_rate = 0.001};
  step.gradient_norm = 2.5;
  step.source_epochs = {{"web", 1.5}};
  MetricsLog log(folder / "metrics.jsonl", 0);
  log.write("step", 10, scalars_of(step));
  log.write("evaluation", 10, {{"loss", 0.25}, {"accuracy", 0.5}});

  const std::vector<json> records =
      records_in(folder / "metrics.jsonl");  // readable while the writer is open
  ASSERT_EQ(records.size(), 2);
  EXPECT_EQ(records[0]["kind"], "step");
  EXPECT_EQ(records[0]["lr"], 0.001);
  EXPECT_EQ(records[0]["grad_norm"], 2.5);
  EXPECT_EQ(records[0]["epoch/web"], 1.5);
  EXPECT_TRUE(records[0]["loss"].is_null());
  EXPECT_FALSE(records[0].contains("tokens_per_second"));
  EXPECT_EQ(records[1]["kind"], "evaluation");
  EXPECT_EQ(records[1]["accuracy"], 0.5);
  EXPECT_GT(records[1]["time"].get<double>(), 1.7e9);
}

TEST(MetricsLog, ContinuesAfterTheCheckpoint) {
  const TemporaryFolder folder;
  const fs::path path = folder / "metrics.jsonl";
  {
    MetricsLog log(path, 0);
    for (int64_t step = 10; step <= 50; step += 10) log.write("step", step, {{"loss", 1.0}});
  }
  std::ofstream(path, std::ios::app) << R"({"kind":"step","step":60,"lo)";  // cut off by a crash
  {
    MetricsLog log(path, 30);
    log.write("step", 40, {{"loss", 2.0}});
  }
  EXPECT_THAT(steps_in(path), ElementsAre(10, 20, 30, 40));
  EXPECT_EQ(records_in(path).back()["loss"], 2.0);
}

TEST(MetricsLog, RepairsTheLastLineOnly) {
  const TemporaryFolder folder;
  const fs::path path = folder / "metrics.jsonl";
  { MetricsLog(path, 0).write("step", 10, {{"loss", 1.0}}); }
  for (const char* partial :
       {"{\"step\":2", "{\"step\":20}", "\xff\xfe", "[]"}) {  // none has its end of line
    std::ofstream(path, std::ios::app) << partial;
    const MetricsLog log(path, 1000);
    EXPECT_THAT(steps_in(path), ElementsAre(10)) << partial;
  }
}

TEST(MetricsLog, NamesAFolderThatIsNotThere) {
  EXPECT_THROW(MetricsLog("/nowhere/metrics.jsonl", 0), Error);
}

}  // namespace
}  // namespace echelon::train
