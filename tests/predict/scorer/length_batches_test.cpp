#include "predict/scorer/length_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace echelon::predict {
namespace {

using testing::ElementsAre;
using Rows = std::vector<int64_t>;

TEST(LengthBatches, PutTextsOfSimilarLengthTogether) {
  const std::vector<int64_t> lengths{5, 2, 0, 2, 3, 9, 1};
  // Three of at most 2 tokens take 6; one of 3 besides would make it 12.
  EXPECT_THAT(length_batches(lengths, 10), ElementsAre(Rows{6, 1, 3}, Rows{4, 0}, Rows{5}));
  EXPECT_THAT(length_batches(lengths, 54), ElementsAre(Rows{6, 1, 3, 4, 0, 5}));
  EXPECT_THAT(length_batches(lengths, 53), ElementsAre(Rows{6, 1, 3, 4, 0}, Rows{5}));
}

TEST(LengthBatches, HaveAtLeastOneRow) {
  const std::vector<int64_t> lengths{7, 0, 8};
  EXPECT_THAT(length_batches(lengths, 1), ElementsAre(Rows{0}, Rows{2}));
  EXPECT_THAT(length_batches(std::vector<int64_t>{0, 0}, 1), ElementsAre());
}

TEST(LengthGroups, HaveTextsOfUpToTwiceTheLength) {
  const std::vector<int64_t> lengths{9, 4, 0, 8, 17, 40, 5};
  EXPECT_THAT(length_groups(lengths), ElementsAre(Rows{1, 6, 3}, Rows{0, 4}, Rows{5}));
  EXPECT_THAT(length_groups(std::vector<int64_t>{0}), ElementsAre());
}

}  // namespace
}  // namespace echelon::predict
