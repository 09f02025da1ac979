#include "metrics/histogram.h"

#include <gmock/gmock.h>

#include "common/error.h"

namespace echelon::metrics {
namespace {

using ::testing::ElementsAre;

TEST(Histogram, CountsAsNumpyDoes) {
  // numpy.histogram([-2, -1.5, -1, 0, 0.5, 2], bins=4, range=(-2, 2)): the last bin holds its upper edge.
  const std::vector<double> values{-2, -1.5, -1, 0, 0.5, 2};
  const Histogram histogram = make_histogram(values, -2, 2, 4);
  EXPECT_THAT(histogram.counts, ElementsAre(2, 1, 2, 1));
  EXPECT_EQ(histogram.edge(0), -2);
  EXPECT_EQ(histogram.edge(1), -1);
  EXPECT_EQ(histogram.edge(4), 2);
}

TEST(Histogram, OfEqualValuesHasOneBin) {
  const std::vector<double> values{3, 3};
  EXPECT_THAT(make_histogram(values, 3, 3, 5).counts, ElementsAre(0, 0, 2, 0, 0));
}

TEST(Histogram, RefusesWhatLiesOutside) {
  EXPECT_THROW(make_histogram(std::vector<double>{4}, 0, 3, 5), InternalError);
}

}  // namespace
}  // namespace echelon::metrics
