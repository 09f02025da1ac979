#include "data/order/permutation.h"

#include <gtest/gtest.h>

#include <unordered_set>
#include <vector>

#include "common/error.h"

namespace echelon::data {
namespace {

TEST(Permutation, IsABijectionForEverySizeUpTo300AndAroundPowersOfTwo) {
  std::vector<int64_t> sizes;
  for (int64_t size = 1; size <= 300; ++size) sizes.push_back(size);
  for (int bits = 9; bits <= 16; ++bits) {
    for (const int64_t offset : {-1, 0, 1}) sizes.push_back((int64_t{1} << bits) + offset);
  }
  for (const int64_t size : sizes) {
    const Permutation permutation(size, 42);
    std::vector<bool> seen(size);
    for (int64_t i = 0; i < size; ++i) {
      const int64_t value = permutation(i);
      ASSERT_GE(value, 0);
      ASSERT_LT(value, size);
      ASSERT_FALSE(seen[value]) << "size " << size << ", position " << i;
      seen[value] = true;
    }
  }
}

TEST(Permutation, KeepsPositionsInABillionApart) {
  constexpr int64_t kSize = 1'000'000'000;
  const Permutation permutation(kSize, 7);
  std::unordered_set<int64_t> seen;
  for (int64_t i = 0; i < 200'000; ++i) {
    const int64_t value = permutation(i * 5000 + i % 7);
    ASSERT_TRUE(value >= 0 && value < kSize);
    ASSERT_TRUE(seen.insert(value).second);
  }
}

TEST(Permutation, ReachesFarBeyondWhatMemoryHolds) {
  constexpr int64_t kSize = (int64_t{1} << 60) + 12345;
  const Permutation permutation(kSize, 7);
  for (int64_t i = 0; i < 1000; ++i) {
    const int64_t value = permutation(kSize - 1 - i);
    EXPECT_TRUE(value >= 0 && value < kSize);
  }
}

TEST(Permutation, DependsOnTheKeyAlone) {
  const Permutation first(1000, 1), again(1000, 1), other(1000, 2);
  int same = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(first(i), again(i));
    same += first(i) == other(i);
  }
  EXPECT_LT(same, 10);  // one expected for unrelated permutations; ten or more once in ten million
}

// Over many keys each value stands at each place equally often: chi-square with 81 degrees of freedom for the
// 10 × 10 table of a Latin kind ((10 - 1)^2), whose 99.999th percentile is 146.
TEST(Permutation, PutsEveryValueEverywhereEquallyOften) {
  constexpr int kSize = 10, kKeys = 20'000;
  std::vector<int> counts(kSize * kSize);
  for (uint64_t key = 0; key < kKeys; ++key) {
    const Permutation permutation(kSize, key);
    for (int64_t i = 0; i < kSize; ++i) ++counts[i * kSize + permutation(i)];
  }
  double chi_square = 0;
  constexpr double kExpected = static_cast<double>(kKeys) / kSize;
  for (const int count : counts) chi_square += (count - kExpected) * (count - kExpected) / kExpected;
  EXPECT_LT(chi_square, 146);
}

TEST(Permutation, RefusesNothing) {
  EXPECT_THROW(Permutation(0, 1), InternalError);
}

}  // namespace
}  // namespace echelon::data
