#include "data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <numeric>

#include "common/clock.h"
#include "common/random.h"
#include "data/concatenation.h"
#include "data/support/counting_dataset.h"

namespace echelon::data {
namespace {

using testing::HasSubstr;
using Numbers = std::vector<int64_t>;

constexpr int64_t kSamples = 41, kGlobalBatch = 12;  // three whole global batches an epoch

std::shared_ptr<const Dataset> counting(int64_t size, std::set<int64_t> damaged = {}, int microseconds = 0) {
  return std::make_shared<CountingDataset>(size, std::move(damaged), microseconds);
}

LoaderOptions options(int rank = 0, int world_size = 1, int64_t micro_batch = kGlobalBatch) {
  LoaderOptions o;
  o.global_batch = kGlobalBatch;
  o.micro_batch = micro_batch;
  o.rank = rank;
  o.world_size = world_size;
  o.seed = 99;
  return o;
}

/// What a whole job of `world_size` ranks reads in steps [first_step, first_step + steps), as (index, key)
/// pairs.
Numbers job(LoaderOptions base, int world_size, int64_t first_step, int64_t steps) {
  std::vector<std::unique_ptr<TrainLoader>> ranks;
  base.world_size = world_size;
  for (base.rank = 0; base.rank < world_size; ++base.rank) {
    ranks.push_back(std::make_unique<TrainLoader>(counting(kSamples), base, first_step * kGlobalBatch));
  }
  Numbers read;
  const int64_t micro_batches = kGlobalBatch / world_size / base.micro_batch;
  for (int64_t step = 0; step < steps; ++step) {
    for (auto& rank : ranks) {
      for (int64_t i = 0; i < micro_batches; ++i) {
        const Batch batch = rank->next();
        EXPECT_EQ(batch.samples, base.micro_batch);
        const Numbers indices = numbers(batch.target), keys = numbers(batch.inputs.at("key"));
        for (size_t row = 0; row < indices.size(); ++row) {
          read.push_back(indices[row]);
          read.push_back(keys[row]);
        }
      }
    }
  }
  return read;
}

TEST(TrainLoader, ReadsOneSequenceWhateverTheWorldTheThreadsAndTheRestart) {
  constexpr int64_t kSteps = 7;  // into the third epoch
  const Numbers expected = job(options(), 1, 0, kSteps);
  int combination = 0;
  for (const int world_size : {1, 2, 3, 4, 6}) {
    for (int64_t micro_batch = 1; micro_batch <= kGlobalBatch / world_size; ++micro_batch) {
      if (kGlobalBatch / world_size % micro_batch != 0) continue;
      for (int64_t restart = 0; restart < kSteps; ++restart) {
        LoaderOptions o = options(0, world_size, micro_batch);
        o.threads = combination % 4;
        o.prefetch = 1 + combination % 5;
        ++combination;
        const Numbers read = job(o, world_size, restart, kSteps - restart);
        ASSERT_EQ(read, Numbers(expected.begin() + restart * kGlobalBatch * 2, expected.end()))
            << "world size " << world_size << ", micro-batch " << micro_batch << ", restart at step "
            << restart;
      }
    }
  }
  EXPECT_GT(combination, 100);
}

// The order as SampleOrder defines it, computed here once more from its parts.
TEST(TrainLoader, FollowsThePermutationOfEachEpoch) {
  const Numbers read = job(options(), 1, 0, 6);
  for (int64_t position = 0; position < 72; ++position) {
    const int64_t epoch = position / 36, place = position % 36;
    const Permutation permutation(kSamples,
                                  derive_key(derive_key(99, "sample order"), static_cast<uint64_t>(epoch)));
    EXPECT_EQ(read[position * 2], permutation(place));
    const uint64_t epoch_key = derive_key(derive_key(99, "augmentation"), static_cast<uint64_t>(epoch));
    EXPECT_EQ(static_cast<uint64_t>(read[position * 2 + 1]),
              derive_key(epoch_key, static_cast<uint64_t>(read[position * 2])));
  }
}

TEST(TrainLoader, GivesNoSampleTwiceInAnEpochAndAnotherOrderInTheNext) {
  const Numbers read = job(options(), 1, 0, 6);
  std::set<int64_t> first, second;
  bool same_order = true;
  for (int64_t place = 0; place < 36; ++place) {
    EXPECT_TRUE(first.insert(read[place * 2]).second);
    EXPECT_TRUE(second.insert(read[(36 + place) * 2]).second);
    same_order = same_order && read[place * 2] == read[(36 + place) * 2];
  }
  EXPECT_FALSE(same_order);
}

TEST(TrainLoader, WithoutShuffleReadsFromFrontToBack) {
  LoaderOptions o = options();
  o.shuffle.enabled = false;
  TrainLoader loader(counting(kSamples), o, 0);
  EXPECT_EQ(sample_order(*counting(kSamples), o).samples_per_epoch(), 36);
  for (int64_t step = 0; step < 4; ++step) {
    Numbers expected(kGlobalBatch);
    std::iota(expected.begin(), expected.end(), step % 3 * kGlobalBatch);
    EXPECT_EQ(numbers(loader.next().target), expected);
  }
}

/// As many samples in shards of a hundred thousand.
class Sharded final : public CountingDataset {
 public:
  using CountingDataset::CountingDataset;
  std::vector<int64_t> blocks() const override {
    std::vector<int64_t> starts;
    for (int64_t start = 0; start < size(); start += 100'000) starts.push_back(start);
    return starts;
  }
};

TEST(TrainLoader, GoesOnAtOnceInABillionSamples) {
  constexpr int64_t kBillion = 1'000'000'000, kConsumed = 2'345'678'901 / kGlobalBatch * kGlobalBatch;
  const auto one = std::make_shared<Sharded>(kBillion), other = std::make_shared<Sharded>(kBillion / 2);
  const auto mixed = concatenate({{"one", one, 0.7}, {"other", other, 0.3}}, /*weighted=*/true);
  for (const std::shared_ptr<const Dataset>& dataset : {std::shared_ptr<const Dataset>(one), mixed}) {
    for (const ShuffleSettings& shuffle : {ShuffleSettings{}, {.shards = 8}, {.enabled = false}}) {
      LoaderOptions o = options();
      o.shuffle = shuffle;
      const Stopwatch stopwatch;
      TrainLoader loader(dataset, o, kConsumed);
      const Numbers read = numbers(loader.next().target);
      EXPECT_LT(stopwatch.seconds(), 1.0);
      SampleOrder order = sample_order(*dataset, o);
      for (int64_t i = 0; i < kGlobalBatch; ++i)
        EXPECT_EQ(read[i] % kBillion, order.at(kConsumed + i).index % kBillion);
    }
  }
}

TEST(TrainLoader, KeepsTheOrderWhenThreadsFinishOutOfOrder) {
  LoaderOptions o = options(0, 1, 4);
  o.shuffle.enabled = false;
  o.threads = 4;
  o.prefetch = 6;
  TrainLoader loader(counting(kSamples, {}, 300), o, 0);
  for (int64_t batch = 0; batch < 9; ++batch) {
    EXPECT_EQ(numbers(loader.next().target),
              (Numbers{batch * 4, batch * 4 + 1, batch * 4 + 2, batch * 4 + 3}));
  }
  EXPECT_GT(loader.seconds_waited(), 0.0);
}

TEST(TrainLoader, RefusesTooLittleDataAndUnevenParts) {
  try {
    TrainLoader(counting(11), options(), 0);
    FAIL() << "11 samples make no global batch of 12";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("holds 11 samples, fewer than one global batch of 12"));
  }
  EXPECT_THROW(TrainLoader(counting(kSamples), options(0, 5, 1), 0), ConfigError);
  EXPECT_THROW(TrainLoader(counting(kSamples), options(0, 2, 4), 0), ConfigError);
}

TEST(TrainLoader, ThrowsTheErrorOfAThreadWhenItsBatchIsDue) {
  for (const int threads : {0, 1, 3}) {
    LoaderOptions o = options(0, 1, 4);
    o.shuffle.enabled = false;
    o.threads = threads;
    TrainLoader loader(counting(kSamples, {6, 7}), o, 0);
    EXPECT_EQ(numbers(loader.next().target), (Numbers{0, 1, 2, 3}));
    try {
      loader.next();
      FAIL() << "sample 6 is damaged";
    } catch (const DataError& error) {
      EXPECT_STREQ(error.what(), "shard.tar, offset 512, key \"6\": corrupt");
    }
    EXPECT_EQ(numbers(loader.next().target), (Numbers{8, 9, 10, 11}));
  }
}

TEST(TrainLoader, ReplacesDamagedSamplesByTheNextAndCountsThem) {
  for (const int threads : {0, 1, 3}) {
    LoaderOptions o = options(0, 1, 4);
    o.shuffle.enabled = false;
    o.threads = threads;
    o.on_error = OnError::kSkip;
    TrainLoader loader(counting(12, {2, 3, 4, 11}), o, 0);
    EXPECT_EQ(numbers(loader.next().target), (Numbers{0, 1, 5, 5}));
    EXPECT_EQ(loader.skipped(), 2);
    EXPECT_EQ(numbers(loader.next().target), (Numbers{5, 5, 6, 7}));
    EXPECT_EQ(numbers(loader.next().target), (Numbers{8, 9, 10, 0}));
    EXPECT_EQ(loader.skipped(), 4);
  }
}

TEST(TrainLoader, GivesUpWhenNothingLoads) {
  std::set<int64_t> all;
  for (int64_t i = 0; i < 12; ++i) all.insert(i);
  LoaderOptions o = options();
  o.on_error = OnError::kSkip;
  TrainLoader loader(counting(12, all), o, 0);
  EXPECT_THROW(loader.next(), DataError);
}

int64_t threads_of_this_process() {
  const auto tasks = std::filesystem::directory_iterator("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

TEST(TrainLoader, LeavesNoThreadBehindInTheMiddleOfLoading) {
  const int64_t before = threads_of_this_process();
  for (int round = 0; round < 20; ++round) {
    LoaderOptions o = options(0, 1, 4);
    o.threads = 5;
    o.prefetch = 8;
    TrainLoader loader(counting(kSamples, {}, 200), o, 0);
    EXPECT_EQ(threads_of_this_process(), before + 5);
    if (round % 2 == 1) loader.next();
  }
  EXPECT_EQ(threads_of_this_process(), before);
}

/// Counts the batches that memory was taken for, and holds the threads that load, until it is released.
class HeldDataset : public CountingDataset {
 public:
  HeldDataset() : CountingDataset(kSamples) {}
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override {
    ++allocated;
    return CountingDataset::allocate(samples, dtype, pinned);
  }
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override {
    ++loading;
    loading.notify_all();
    released.wait(false);
    CountingDataset::load(index, key, batch, row);
  }
  mutable std::atomic<int> allocated = 0, loading = 0;
  mutable std::atomic<bool> released = false;
};

TEST(TrainLoader, TakesMemoryForABatchWhenItsFirstRowIsLoaded) {
  const auto dataset = std::make_shared<HeldDataset>();
  LoaderOptions o = options();
  o.threads = 2;
  o.prefetch = 5;
  TrainLoader loader(dataset, o, 0);
  for (int seen = 0; seen < 2; seen = dataset->loading) dataset->loading.wait(seen);
  EXPECT_EQ(dataset->allocated, 1) << "both threads are at the first of five batches";
  dataset->released = true;
  dataset->released.notify_all();
  EXPECT_EQ(loader.next().samples, kGlobalBatch);
}

TEST(TrainLoader, ThrowsWhatFailedWhenMemoryWasTaken) {
  struct NoMemory : CountingDataset {
    NoMemory() : CountingDataset(kSamples) {}
    Batch allocate(int64_t, at::ScalarType, bool) const override { throw DataError("no memory"); }
  };
  for (const int threads : {0, 2}) {
    LoaderOptions o = options();
    o.threads = threads;
    o.on_error = OnError::kSkip;  // it is no fault of a sample
    TrainLoader loader(std::make_shared<NoMemory>(), o, 0);
    EXPECT_THROW(loader.next(), DataError);
  }
}

TEST(EvaluationLoader, ReadsEachSampleOnceOverAnyWorldSize) {
  for (const int64_t samples : {0, 1, 2, 3, 7, 41}) {
    for (int world_size = 1; world_size <= 8; ++world_size) {
      Numbers read;
      for (int rank = 0; rank < world_size; ++rank) {
        LoaderOptions o = options(rank, world_size, 4);
        o.threads = rank % 3;
        EvaluationLoader loader(counting(samples), o);
        for (int64_t i = 0; i < loader.batches(); ++i) {
          const Batch batch = loader.next();
          EXPECT_GE(batch.samples, 1);
          EXPECT_LE(batch.samples, 4);
          EXPECT_EQ(batch.samples, batch.target.size(0));
          const Numbers part = numbers(batch.target);
          read.insert(read.end(), part.begin(), part.end());
        }
      }
      Numbers expected(samples);
      std::iota(expected.begin(), expected.end(), 0);
      EXPECT_EQ(read, expected) << samples << " samples, world size " << world_size;
    }
  }
}

TEST(EvaluationLoader, OfWholeBatchesGivesTheSameOnesOnAnyWorldSize) {
  using Batches = std::vector<std::vector<int64_t>>;
  for (const int64_t samples : {0, 3, 4, 41}) {
    Batches expected;
    for (int64_t first = 0; first < samples; first += 4) {
      expected.emplace_back(std::min<int64_t>(4, samples - first));
      std::iota(expected.back().begin(), expected.back().end(), first);
    }
    for (int world_size = 1; world_size <= 8; ++world_size) {
      Batches read;
      for (int rank = 0; rank < world_size; ++rank) {
        LoaderOptions o = options(rank, world_size, 4);
        o.whole_batches = true;
        EvaluationLoader loader(counting(samples), o);
        for (int64_t i = 0; i < loader.batches(); ++i) read.push_back(loader.next().indices);
      }
      EXPECT_EQ(read, expected) << samples << " samples, world size " << world_size;
    }
  }
}

TEST(EvaluationLoader, LeavesDamagedSamplesOutAndCountsThem) {
  for (const int threads : {0, 2}) {
    LoaderOptions o = options(0, 1, 4);
    o.threads = threads;
    o.on_error = OnError::kSkip;
    EvaluationLoader loader(counting(14, {1, 4, 5, 6, 7, 13}), o);
    EXPECT_EQ(loader.batches(), 4);
    const Batch first = loader.next();
    EXPECT_EQ(numbers(first.target), (Numbers{0, 2, 3}));
    EXPECT_EQ(first.indices, (std::vector<int64_t>{0, 2, 3}));
    EXPECT_EQ(loader.next().samples, 0) << "all of its samples are damaged";
    EXPECT_EQ(numbers(loader.next().target), (Numbers{8, 9, 10, 11}));
    const Batch last = loader.next();
    EXPECT_EQ(last.samples, 1);
    EXPECT_EQ(numbers(last.target), Numbers{12});
    EXPECT_EQ(loader.skipped(), 6);
  }
}

TEST(EvaluationLoader, ThrowsForDamagedSamples) {
  EvaluationLoader loader(counting(3, {1}), options());
  EXPECT_THROW(loader.next(), DataError);
}

}  // namespace
}  // namespace echelon::data
