// The property that all of training rests on: whatever the world size, threads, prefetch depth, place of the
// restart and world size after it, the global batches are the same sequence.
#include "data/order/sample_order.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "data/concatenation.h"
#include "data/loader.h"
#include "data/support/counting_dataset.h"

namespace echelon::data {
namespace {

constexpr int64_t kSamples = 53, kGlobalBatch = 24;

/// Three shards of CountingDataset, as parts of one dataset whose samples are numbered from 0.
class Shards final : public CountingDataset {
 public:
  explicit Shards(int64_t samples) : CountingDataset(samples) {}
  std::vector<int64_t> blocks() const override { return {0, size() / 5, size() / 2}; }
};

struct OrderCase {
  std::string name;
  ShuffleSettings shuffle;
  LastBatch last_batch;
  bool mixture;
};

void PrintTo(const OrderCase& c, std::ostream* out) {
  *out << c.name;
}

class AnyOrder : public testing::TestWithParam<OrderCase> {
 protected:
  static std::shared_ptr<const Dataset> dataset() {
    if (!GetParam().mixture) return std::make_shared<Shards>(kSamples);
    return concatenate({{"a", std::make_shared<Shards>(31), 0.5},
                        {"b", std::make_shared<Shards>(13), 0.3},
                        {"c", std::make_shared<Shards>(9), 0.2}},
                       /*weighted=*/true);
  }

  static LoaderOptions options(int64_t combination) {
    LoaderOptions options;
    options.global_batch = kGlobalBatch;
    options.seed = 7;
    options.shuffle = GetParam().shuffle;
    options.last_batch = GetParam().last_batch;
    options.threads = static_cast<int>(combination % 3);
    options.prefetch = static_cast<int>(1 + combination % 4);
    return options;
  }

  using Read = std::vector<std::pair<int64_t, int64_t>>;  // sample within its source, key

  /// `steps` global batches of a job that goes on after `consumed` samples.
  static Read job(int world_size, int64_t consumed, int64_t steps, int64_t combination) {
    LoaderOptions o = options(combination);
    o.world_size = world_size;
    const int64_t of_a_rank = kGlobalBatch / world_size;
    o.micro_batch = combination % 2 == 0 ? of_a_rank : 1;
    std::vector<std::unique_ptr<TrainLoader>> ranks;
    for (o.rank = 0; o.rank < world_size; ++o.rank)
      ranks.push_back(std::make_unique<TrainLoader>(dataset(), o, consumed));
    Read read;
    for (int64_t step = 0; step < steps; ++step) {
      for (const auto& rank : ranks) {
        for (int64_t i = 0; i < of_a_rank / o.micro_batch; ++i) {
          const Batch batch = rank->next();
          const std::vector<int64_t> samples = numbers(batch.target), keys = numbers(batch.inputs.at("key"));
          for (size_t row = 0; row < samples.size(); ++row) read.emplace_back(samples[row], keys[row]);
        }
      }
    }
    return read;
  }
};

TEST_P(AnyOrder, IsOneSequenceForEveryWorldAndRestart) {
  const int64_t epoch = sample_order(*dataset(), options(0)).samples_per_epoch();
  const int64_t steps = epoch / kGlobalBatch + 2;
  const Read expected = job(1, 0, steps, 0);
  int64_t combination = 0;
  for (const int world_size : {1, 2, 3, 4, 8}) {
    for (int64_t consumed = 0; consumed <= epoch; ++consumed) {
      const Read read = job(world_size, consumed, 1, combination++);
      ASSERT_EQ(read, Read(expected.begin() + consumed, expected.begin() + consumed + kGlobalBatch))
          << world_size << " ranks go on after " << consumed << " samples";
    }
  }
}

TEST_P(AnyOrder, StaysTheSameWhenTheWorldChangesAtEveryRestart) {
  const int64_t steps = 10;
  const Read expected = job(1, 0, steps, 0);
  Read read;
  const std::vector<int> worlds{3, 8, 1, 4, 2};
  for (int64_t step = 0; step < steps; ++step) {
    const Read part = job(worlds[step % 5], step * kGlobalBatch, 1, step);
    read.insert(read.end(), part.begin(), part.end());
  }
  EXPECT_EQ(read, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Orders, AnyOrder,
    testing::Values(OrderCase{"natural", {.enabled = false}, LastBatch::kDrop, false},
                    OrderCase{"natural_padded", {.enabled = false}, LastBatch::kPad, false},
                    OrderCase{"shuffled", {}, LastBatch::kDrop, false},
                    OrderCase{"shuffled_padded", {}, LastBatch::kPad, false},
                    OrderCase{"shards", {.shards = 2}, LastBatch::kDrop, false},
                    OrderCase{"shards_padded", {.shards = 1}, LastBatch::kPad, false},
                    OrderCase{"mixture", {}, LastBatch::kDrop, true},
                    OrderCase{"mixture_of_shards", {.shards = 2}, LastBatch::kPad, true}),
    [](const auto& info) { return info.param.name; });

std::vector<int64_t> epoch_of(SampleOrder& order, int64_t epoch) {
  std::vector<int64_t> read;
  const int64_t length = order.samples_per_epoch();
  for (int64_t i = 0; i < length; ++i) read.push_back(order.at(epoch * length + i).index);
  return read;
}

TEST(SampleOrder, DropsOtherSamplesInEachEpoch) {
  SampleOrder order(CountingDataset(kSamples), {.global_batch = kGlobalBatch});
  std::set<int64_t> dropped;
  for (int64_t epoch = 0; epoch < 100; ++epoch) {
    const std::vector<int64_t> read = epoch_of(order, epoch);
    std::set<int64_t> once(read.begin(), read.end());
    EXPECT_EQ(once.size(), 48);
    for (int64_t i = 0; i < kSamples; ++i) {
      if (!once.contains(i)) dropped.insert(i);
    }
  }
  EXPECT_EQ(dropped.size(), kSamples);  // each is dropped in 9 % of the epochs
}

TEST(SampleOrder, PadsWithTheFirstSamplesOfTheEpoch) {
  SampleOrder order(CountingDataset(kSamples), {.global_batch = kGlobalBatch, .last_batch = LastBatch::kPad});
  EXPECT_EQ(order.samples_per_epoch(), 72);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    const std::vector<int64_t> read = epoch_of(order, epoch);
    EXPECT_EQ(std::set<int64_t>(read.begin(), read.begin() + kSamples).size(), kSamples);
    EXPECT_TRUE(std::equal(read.begin() + kSamples, read.end(), read.begin()));
  }
  SampleOrder few(CountingDataset(5), {.global_batch = 12, .last_batch = LastBatch::kPad});
  const std::vector<int64_t> read = epoch_of(few, 0);
  for (size_t i = 5; i < 12; ++i) EXPECT_EQ(read[i], read[i - 5]);
}

TEST(SampleOrder, MixesSourcesExactlyEachThroughEpochsOfItsOwn) {
  const auto part = [](int64_t samples) { return std::make_shared<CountingDataset>(samples); };
  const auto dataset = concatenate({{"large", part(40), 3}, {"small", part(4), 1}}, /*weighted=*/true);
  SampleOrder order(*dataset, {.global_batch = 4});
  constexpr int64_t kPositions = 160;  // three epochs of the large, ten of the small
  std::map<int64_t, int64_t> seen;
  std::set<uint64_t> keys;
  for (int64_t position = 0; position < kPositions; ++position) {
    const SampleReference sample = order.at(position);
    ++seen[sample.index];
    EXPECT_TRUE(keys.insert(sample.key).second) << "each epoch of a source augments anew";
  }
  for (int64_t i = 0; i < 44; ++i) EXPECT_EQ(seen[i], i < 40 ? 3 : 10) << "sample " << i;
  EXPECT_EQ(order.source_epochs(kPositions), (std::vector<double>{3, 10}));
}

TEST(SampleOrder, OfABillionSamplesStartsAnywhereAtOnce) {
  const CountingDataset dataset(1'000'000'000);
  SampleOrder order(dataset, {.global_batch = 1000});
  std::set<int64_t> seen;
  for (int64_t i = 0; i < 1000; ++i) seen.insert(order.at(999'999'000 + i).index);
  EXPECT_EQ(seen.size(), 1000);
}

}  // namespace
}  // namespace echelon::data
