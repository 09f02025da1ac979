#include "data/subset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/error.h"
#include "data/support/counting_dataset.h"

namespace echelon::data {
namespace {

using testing::HasSubstr;

/// In shards of 100, 0 and the rest; classes 0, 1, 1, 1 in turn.
class Labelled final : public CountingDataset {
 public:
  using CountingDataset::CountingDataset;
  std::vector<int64_t> blocks() const override { return {0, 100, 100}; }
  std::optional<int64_t> label(int64_t index) const override { return index % 4 == 0 ? 0 : 1; }
};

std::vector<int64_t> samples_of(const Dataset& dataset) {
  Batch batch = dataset.allocate(dataset.size(), at::kFloat, false);
  for (int64_t i = 0; i < dataset.size(); ++i) dataset.load(i, 0, batch, i);
  return numbers(batch.target);
}

TEST(TakeSubset, IsTheDatasetItselfWhereAllIsWanted) {
  const auto dataset = std::make_shared<CountingDataset>(10);
  EXPECT_EQ(take_subset(dataset, {}, 1), dataset);
  EXPECT_EQ(take_subset(dataset, {.fraction = 1.0}, 1), dataset);
  EXPECT_EQ(take_subset(dataset, {.limit = 11}, 1), dataset);
}

TEST(TakeSubset, DrawsDifferentSamplesInTheShareOfEachShard) {
  const auto subset = take_subset(std::make_shared<Labelled>(500), {.fraction = 0.1}, 1);
  const std::vector<int64_t> samples = samples_of(*subset);
  ASSERT_EQ(samples.size(), 50);
  EXPECT_EQ(std::set<int64_t>(samples.begin(), samples.end()).size(), 50);
  EXPECT_EQ(subset->blocks(), (std::vector<int64_t>{0, 10, 10}));
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(samples[i] < 100, i < 10);
}

TEST(TakeSubset, IsAFunctionOfTheSeed) {
  const auto draw = [](uint64_t seed) {
    return samples_of(*take_subset(std::make_shared<CountingDataset>(1000), {.limit = 20}, seed));
  };
  EXPECT_EQ(draw(3), draw(3));
  EXPECT_NE(draw(3), draw(4));
}

TEST(TakeSubset, DrawsEverySampleAlikeOften) {
  std::vector<int> drawn(30);
  constexpr int kSeeds = 3000;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto subset = take_subset(std::make_shared<CountingDataset>(30), {.limit = 10}, seed);
    for (const int64_t sample : samples_of(*subset)) ++drawn[sample];
  }
  for (const int count : drawn) EXPECT_NEAR(count, kSeeds / 3, 5 * 26);  // standard deviation 25.8
}

TEST(TakeSubset, KeepsTheSharesOfClasses) {
  for (const int64_t limit : {1, 4, 7, 40, 399}) {
    const auto subset = take_subset(std::make_shared<Labelled>(400), {.limit = limit, .stratified = true}, 1);
    ASSERT_EQ(subset->size(), limit);
    double of_class_0 = 0;
    for (int64_t i = 0; i < limit; ++i) of_class_0 += *subset->label(i) == 0 ? 1 : 0;
    EXPECT_LT(std::abs(of_class_0 - static_cast<double>(limit) / 4), 1) << limit;
    const std::vector<int64_t> samples = samples_of(*subset);
    EXPECT_EQ(std::set<int64_t>(samples.begin(), samples.end()).size(), samples.size());
    EXPECT_EQ(subset->blocks()[1],
              std::ranges::count_if(samples, [](int64_t sample) { return sample < 100; }));
  }
}

TEST(TakeSubset, SaysWhyItCannot) {
  const auto dataset = std::make_shared<CountingDataset>(10);
  try {
    take_subset(dataset, {.fraction = 0.01}, 1);
    FAIL() << "a tenth of a sample";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a fraction of 0.01 of 10 samples leaves none"));
  }
  EXPECT_THROW(take_subset(dataset, {.limit = 5, .stratified = true}, 1), DataError);
}

}  // namespace
}  // namespace echelon::data
