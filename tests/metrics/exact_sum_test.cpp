#include "metrics/exact_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "common/error.h"

namespace echelon::metrics {
namespace {

double sum_of(const std::vector<double>& values) {
  ExactSum sum;
  for (const double value : values) sum.add(value);
  return sum.value();
}

TEST(ExactSum, RoundsOnceAtTheEnd) {
  EXPECT_EQ(sum_of({}), 0);
  EXPECT_EQ(sum_of({1e100, 1, -1e100}), 1);
  EXPECT_EQ(sum_of({-1e300, 3.5, 1e300, -4}), -0.5);
  // The nearest double to the sum of ten times the double 0.1 is 1; added one after the other: 1 - 2^-53.
  EXPECT_EQ(sum_of(std::vector<double>(10, 0.1)), 1);
  EXPECT_EQ(sum_of({0.75, -0.25}), 0.5);
}

TEST(ExactSum, ReachesTheEndsOfTheRange) {
  constexpr double kSmallest = std::numeric_limits<double>::denorm_min(),
                   kLargest = std::numeric_limits<double>::max();
  EXPECT_EQ(sum_of({kSmallest, kSmallest, kSmallest}), 3 * kSmallest);
  EXPECT_EQ(sum_of({-kSmallest}), -kSmallest);
  EXPECT_EQ(sum_of({kLargest, kLargest, -kLargest}), kLargest);
  EXPECT_EQ(sum_of({kLargest, kLargest}), HUGE_VAL);
  EXPECT_EQ(sum_of({-kLargest, -kLargest}), -HUGE_VAL);
}

TEST(ExactSum, BreaksTiesToEven) {
  const double unit = std::ldexp(1, -52);  // of 1
  EXPECT_EQ(sum_of({1, unit / 2}), 1);
  EXPECT_EQ(sum_of({1, unit / 2, 1e-300}), 1 + unit);
  EXPECT_EQ(sum_of({1 + unit, unit / 2}), 1 + 2 * unit);
}

TEST(ExactSum, OfWholeNumbersIsTheirs) {
  std::mt19937_64 random(1);
  ExactSum sum;
  int64_t expected = 0;
  for (int i = 0; i < 10000; ++i) {
    const auto value = static_cast<int64_t>(random() >> 20) - (int64_t{1} << 43);
    expected += value;
    sum.add(static_cast<double>(value));
  }
  EXPECT_EQ(sum.value(), static_cast<double>(expected));
}

TEST(ExactSum, OfPartsIsTheSameInAnyOrder) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  std::vector<double> values(3000);
  for (double& value : values) value = std::ldexp(normal(random), static_cast<int>(random() % 80) - 40);
  ExactSum parts[3], whole;
  for (size_t i = 0; i < values.size(); ++i) parts[i * i % 3].add(values[i]);
  for (size_t i = values.size(); i-- > 0;) whole.add(values[i]);
  ExactSum total;
  for (ExactSum& part : parts) {
    for (size_t i = 0; i < ExactSum::kDigits; ++i) total.digits()[i] += part.digits()[i];
  }
  EXPECT_EQ(total.value(), whole.value());
}

TEST(ExactSum, RefusesWhatIsNotFinite) {
  ExactSum sum;
  EXPECT_THROW(sum.add(std::nan("")), InternalError);
  EXPECT_THROW(sum.add(HUGE_VAL), InternalError);
}

}  // namespace
}  // namespace echelon::metrics
