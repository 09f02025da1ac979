#include "image/normalise.h"

#include <gtest/gtest.h>

#include <numeric>

namespace echelon::image {
namespace {

struct Statistics {
  std::vector<double> mean, deviation;
};

/// All pixel values in `width` columns, of any number of rows.
Image all_values(int64_t width) {
  Image image;
  image.resize((256 + width - 1) / width, width, 3);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i / 3 + i % 3 * 85);
  return image;
}

/// The number of values that are not (pixel / 255 − mean) / deviation in float64, rounded once.
int64_t different(const Image& image, const Statistics& statistics, bool mirrored) {
  std::vector<float> planes(image.pixels.size());
  Normalisation(3, statistics.mean, statistics.deviation)
      .write(image, {mirrored, false}, ElementType::kFloat32, planes.data());
  int64_t count = 0;
  for (size_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < image.height; ++y) {
      for (int64_t x = 0; x < image.width; ++x) {
        const int64_t from = mirrored ? image.width - 1 - x : x;
        const double pixel = image.row(y)[from * 3 + static_cast<int64_t>(c)];
        const double expected = (pixel / 255 - statistics.mean[c]) / statistics.deviation[c];
        const auto at = (static_cast<int64_t>(c) * image.height + y) * image.width + x;
        count += planes[static_cast<size_t>(at)] != static_cast<float>(expected);
      }
    }
  }
  return count;
}

const Statistics kImageNet{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};

TEST(Normalisation, IsRoundedOnceAtAnyWidth) {
  for (int64_t width = 1; width < 150; ++width) {
    ASSERT_EQ(different(all_values(width), kImageNet, false), 0) << width;
    ASSERT_EQ(different(all_values(width), kImageNet, true), 0) << width;
  }
}

// Vector arithmetic gives the bits of the table for nearly all statistics; where it would not, the table is
// used.
TEST(Normalisation, IsRoundedOnceForAnyStatistics) {
  int by_arithmetic = 0;
  for (int i = 0; i < 3000; ++i) {
    const double mean = i / 3000.0, deviation = 0.05 + i % 37 / 40.0;
    std::array<float, 256> values;
    for (int pixel = 0; pixel < 256; ++pixel)
      values[pixel] = static_cast<float>((pixel / 255.0 - mean) / deviation);
    by_arithmetic += split_line(1 / (255 * deviation), -mean / deviation, values).has_value();
    const Statistics statistics{{mean, mean, mean}, {deviation, deviation, deviation}};
    ASSERT_EQ(different(all_values(96), statistics, i % 2 == 0), 0) << i;
  }
  EXPECT_GT(by_arithmetic, 2850);
  EXPECT_LT(by_arithmetic, 3000);
}

TEST(SplitLine, IsNoneThroughOtherValues) {
  std::array<float, 256> values;
  std::iota(values.begin(), values.end(), 0.0F);
  EXPECT_TRUE(split_line(1, 0, values));
  values[200] = 200.5F;
  EXPECT_FALSE(split_line(1, 0, values));
}

}  // namespace
}  // namespace echelon::image
