#include "data/order/epoch_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace echelon::data {
namespace {

using Numbers = std::vector<int64_t>;

Numbers epoch_of(EpochOrder& order, int64_t epoch, int64_t samples) {
  Numbers read;
  for (int64_t place = 0; place < samples; ++place) read.push_back(order.at(epoch, place));
  return read;
}

Numbers sorted(Numbers numbers) {
  std::ranges::sort(numbers);
  return numbers;
}

Numbers count_up(int64_t samples) {
  Numbers numbers(samples);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

size_t block_of(const Numbers& starts, int64_t sample) {
  return std::ranges::upper_bound(starts, sample) - starts.begin() - 1;
}

const Numbers kStarts{0, 7, 7, 10, 30, 31, 50};  // the third block begins where the empty second one does
constexpr int64_t kSamples = 58;

TEST(BlockShuffledOrder, GivesEverySampleOnceAnEpochForAnyWindow) {
  for (int64_t window = 1; window <= 9; ++window) {
    BlockShuffledOrder order(kStarts, kSamples, window, 5);
    const Numbers first = epoch_of(order, 0, kSamples), second = epoch_of(order, 1, kSamples);
    EXPECT_EQ(sorted(first), count_up(kSamples)) << "window " << window;
    EXPECT_EQ(sorted(second), count_up(kSamples)) << "window " << window;
    EXPECT_NE(first, second);
  }
}

TEST(BlockShuffledOrder, AsksForFewBlocksAtATime) {
  BlockShuffledOrder order(kStarts, kSamples, 2, 5);
  const Numbers read = epoch_of(order, 3, kSamples);
  // Blocks between the first and the last sample that was read of each: those that must be at hand.
  std::vector<std::set<size_t>> open(kSamples);
  for (size_t block = 0; block < kStarts.size(); ++block) {
    int64_t first = kSamples, last = -1;
    for (int64_t place = 0; place < kSamples; ++place) {
      if (block_of(kStarts, read[place]) != block) continue;
      first = std::min(first, place);
      last = place;
    }
    for (int64_t place = first; place <= last; ++place) open[place].insert(block);
  }
  for (const auto& blocks : open) EXPECT_LE(blocks.size(), 2);
}

TEST(BlockShuffledOrder, MixesTheBlocksOfAWindow) {
  BlockShuffledOrder order({0, 500}, 1000, 2, 5);
  const Numbers read = epoch_of(order, 0, 1000);
  const auto of_first = std::count_if(read.begin(), read.begin() + 500, [](int64_t i) { return i < 500; });
  EXPECT_NEAR(of_first, 250, 5 * 8);  // hypergeometric: standard deviation 7.9
}

TEST(BlockShuffledOrder, IsARandomAccess) {
  BlockShuffledOrder in_order(kStarts, kSamples, 3, 11), at_random(kStarts, kSamples, 3, 11);
  std::vector<Numbers> epochs;
  for (int64_t epoch = 0; epoch < 3; ++epoch) epochs.push_back(epoch_of(in_order, epoch, kSamples));
  for (int64_t i = 0; i < 500; ++i) {
    const int64_t epoch = i * 7 % 3, place = i * 31 % kSamples;
    EXPECT_EQ(at_random.at(epoch, place), epochs[epoch][place]);
  }
}

TEST(ShuffledOrder, IsAPermutationOfItsOwnInEachEpoch) {
  ShuffledOrder order(kSamples, 3);
  const Numbers first = epoch_of(order, 0, kSamples);
  EXPECT_EQ(sorted(first), count_up(kSamples));
  EXPECT_NE(epoch_of(order, 1, kSamples), first);
  EXPECT_EQ(epoch_of(order, 0, kSamples), first);
}

}  // namespace
}  // namespace echelon::data
