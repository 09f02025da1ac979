#include "image/geometry.h"

#include <gtest/gtest.h>

#include <cmath>

namespace echelon::image {
namespace {

// torchvision.transforms.Resize(r) and CenterCrop(s) of an image of h × w, by their documented arithmetic.
TEST(CentreCrop, ResizesTheShorterSideAndTakesTheMiddle) {
  const Geometry wide = centre_crop({375, 500}, 256, 224);
  EXPECT_EQ(wide.resized, (ImageSize{256, 341}));  // int(256 · 500 / 375)
  EXPECT_EQ(wide.top, 16);
  EXPECT_EQ(wide.left, 58);  // round(58.5) to even
  const Geometry tall = centre_crop({501, 500}, 224, 224);
  EXPECT_EQ(tall.resized, (ImageSize{224, 224}));
  EXPECT_EQ(tall.box.width, 500);
  EXPECT_EQ(tall.box.height, 501);
  EXPECT_FALSE(tall.flip);
}

TEST(RandomResizedCrop, StaysInTheImageAndInTheRanges) {
  const ScaleRange range;
  RandomStream random(3);
  double mean_area = 0, mean_log_ratio = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const Geometry g = random_resized_crop({1000, 1000}, 224, range, random);
    ASSERT_GE(g.box.left, 0);
    ASSERT_GE(g.box.top, 0);
    ASSERT_LE(g.box.left + g.box.width, 1000);
    ASSERT_LE(g.box.top + g.box.height, 1000);
    const double area = g.box.width * g.box.height / 1e6, ratio = g.box.width / g.box.height;
    ASSERT_GT(area, 0.079);
    ASSERT_LT(area, 1.001);
    ASSERT_GT(ratio, 0.745);
    ASSERT_LT(ratio, 1.342);
    mean_area += area / kDraws;
    mean_log_ratio += std::log(ratio) / kDraws;
  }
  EXPECT_NEAR(mean_log_ratio, 0.0, 0.005);
  // Even in [0.08, 1] the mean would be 0.54; boxes that do not fit are drawn again, which removes some of
  // the largest.
  EXPECT_NEAR(mean_area, 0.5, 0.03);
}

TEST(RandomResizedCrop, FallsBackToTheCentreOfExtremeShapes) {
  RandomStream random(3);
  const Geometry g = random_resized_crop({10, 1000}, 8, {.scale_low = 1.0}, random);
  EXPECT_EQ(g.box.height, 10);
  EXPECT_EQ(g.box.width, 13);  // round(10 · 4/3)
  EXPECT_EQ(g.box.left, 493);  // (1000 - 13) // 2
}

TEST(ShiftRandomly, ReachesEveryPlaceEquallyOften) {
  RandomStream random(3);
  int counts[5][5] = {};
  for (int i = 0; i < 25'000; ++i) {
    Geometry g = centre_crop({28, 28}, 28, 28);
    shift_randomly(g, 2, random);
    ++counts[g.top + 2][g.left + 2];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, 1000, 160);  // five standard deviations
  }
}

TEST(Reduction, LeavesTwiceTheResolution) {
  const auto reduction = [](double side) {
    return reduction_that_leaves_detail({.box = {0, 0, side, side}, .resized = {100, 100}, .size = 100});
  };
  EXPECT_EQ(reduction(50), 1);
  EXPECT_EQ(reduction(399), 1);
  EXPECT_EQ(reduction(400), 2);
  EXPECT_EQ(reduction(1600), 8);
}

}  // namespace
}  // namespace echelon::image
