#include "plan/search.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "plan/settings_for_plans.h"

namespace echelon::plan {
namespace {

std::vector<std::string> unquoted(std::vector<std::string> overrides) {
  for (std::string& override : overrides) std::erase(override, '\'');
  return overrides;
}

// Without latency, overhead and bubble nothing beats replicas that fit.
TEST(Search, FindsThatReplicasAreBestWhereCommunicationIsFree) {
  const std::vector<std::string> free = {"hardware.custom.node_link.gb_per_second=1000000",
                                         "hardware.custom.network.gb_per_second=1000000"};
  const SearchResult result = search(settings_for_plans(free), {.name = "small", .ranks = 4});
  EXPECT_EQ(result.entries.front().grid.pipeline, 1);
  EXPECT_EQ(result.entries.size(), 10u);
}

TEST(Search, FindsThatAPipelineIsBestWhereReductionsAreSlow) {
  const std::vector<std::string> slow = {"hardware.custom.node_link.gb_per_second=0.01",
                                         "hardware.custom.network.gb_per_second=0.01", "global_batch=4",
                                         "micro_batch=1"};
  const SearchResult result = search(settings_for_plans(slow), {.name = "small", .ranks = 2});
  EXPECT_EQ(result.entries.front().grid.pipeline, 2);
}

TEST(Search, ListsTheFastestFirstAndPlansAgree) {
  const SearchResult result = search(settings_for_plans(), {.name = "small", .ranks = 4});
  double before = 0;
  for (const SearchEntry& entry : result.entries) {
    EXPECT_GE(entry.seconds, before);
    before = entry.seconds;
    const Plan plan = make_plan(settings_for_plans(unquoted(entry.overrides)), {.name = "small", .ranks = 4});
    EXPECT_NEAR(plan.seconds(), entry.seconds, 0.01 * entry.seconds) << entry.overrides.back();
    EXPECT_NEAR(static_cast<double>(plan.schedule.fullest().total()), static_cast<double>(entry.memory_bytes),
                0.01 * static_cast<double>(entry.memory_bytes));
  }
}

TEST(Search, NeverExceedsTheMemory) {
  const SearchResult plenty = search(settings_for_plans(), {.name = "small", .ranks = 4}, 1000);
  int64_t least = INT64_MAX, most = 0;
  for (const SearchEntry& entry : plenty.entries) {
    least = std::min(least, entry.memory_bytes);
    most = std::max(most, entry.memory_bytes);
  }
  ASSERT_LT(least, most);
  const int64_t limit = (least + most) / 2;
  const SearchResult tight =
      search(settings_for_plans(), {.name = "small", .ranks = 4, .memory_bytes = limit}, 1000);
  EXPECT_FALSE(tight.entries.empty());
  EXPECT_LT(tight.fitting, plenty.fitting);
  EXPECT_EQ(tight.tried, plenty.tried);
  for (const SearchEntry& entry : tight.entries) EXPECT_LE(entry.memory_bytes, limit);
}

TEST(Search, SaysWhatIsMissingWhereNothingFits) {
  try {
    search(settings_for_plans(), {.name = "small", .ranks = 4, .memory_bytes = 1000});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("needs"), std::string::npos) << error.what();
  }
}

TEST(Search, RefusesABatchThatCannotBeDivided) {
  EXPECT_THROW(
      search(settings_for_plans({"global_batch=7", "micro_batch=1"}), {.name = "small", .ranks = 32}),
      ConfigError);
}

TEST(SearchText, ListsWhatOneHasToWrite) {
  const SearchResult result = search(settings_for_plans(), {.name = "small", .ranks = 4});
  const std::string text = to_text(result);
  EXPECT_NE(text.find("parallel.pipeline=2 parallel.schedule=zb_v micro_batch="), std::string::npos) << text;
  EXPECT_NE(text.find("micro_batch="), std::string::npos) << text;
}

}  // namespace
}  // namespace echelon::plan
