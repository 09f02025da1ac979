#include "image/placement.h"

#include <gtest/gtest.h>

#include <cmath>

#include "image/encode.h"
#include "image/png.h"
#include "image/transform.h"

namespace echelon::image {
namespace {

/// A PNG that is to be turned: an eXIf chunk behind the header (PNG, third edition, 11.3.5.2); its checksum
/// is not looked at.
std::vector<uint8_t> with_orientation(std::vector<uint8_t> png, uint8_t orientation) {
  const std::vector<uint8_t> tiff = {'I', 'I', 42, 0, 8, 0,           0, 0, 1, 0, 0x12, 1, 3,
                                     0,   1,   0,  0, 0, orientation, 0, 0, 0, 0, 0,    0, 0};
  std::vector<uint8_t> chunk = {0, 0, 0, static_cast<uint8_t>(tiff.size()), 'e', 'X', 'I', 'f'};
  chunk.insert(chunk.end(), tiff.begin(), tiff.end());
  chunk.insert(chunk.end(), 4, 0);
  constexpr int64_t kAfterHeader = 8 + 25;
  png.insert(png.begin() + kAfterHeader, chunk.begin(), chunk.end());
  return png;
}

/// Black, with `box` in white.
Image marked(ImageSize size, const PixelBox& box) {
  Image image;
  image.resize(size.height, size.width, 1);
  for (int64_t y = box.top; y < box.top + box.height; ++y)
    std::fill_n(image.row(y) + box.left, box.width, uint8_t{255});
  return image;
}

Box real(const PixelBox& box) {
  return {static_cast<double>(box.left), static_cast<double>(box.top), static_cast<double>(box.width),
          static_cast<double>(box.height)};
}

/// What is brighter than half, in a sample of size × size.
std::optional<Box> bright(const std::vector<double>& sample, int64_t size) {
  int64_t left = size, top = size, right = 0, bottom = 0;
  for (int64_t y = 0; y < size; ++y) {
    for (int64_t x = 0; x < size; ++x) {
      if (sample[static_cast<size_t>(y * size + x)] <= 0.5) continue;
      left = std::min(left, x);
      right = std::max(right, x + 1);
      top = std::min(top, y);
      bottom = std::max(bottom, y + 1);
    }
  }
  if (right == 0) return std::nullopt;
  return real({left, top, right - left, bottom - top});
}

struct Counts {
  int seen = 0, vanished = 0, cut = 0;
};

/// Draws samples of the marked image and compares where the mark is with where it is said to be. Half
/// brightness is reached at the edge itself, so a pixel's rounding remains.
Counts compare(const std::vector<uint8_t>& encoded, const PixelBox& box, const TransformOptions& options,
               int draws) {
  const ImageTransform transform(options);
  std::vector<double> sample(static_cast<size_t>(options.size * options.size));
  Counts counts;
  for (int key = 0; key < draws; ++key) {
    const Placement placement =
        transform(encoded, static_cast<uint64_t>(key), ElementType::kFloat64, sample.data());
    const std::optional<Box> found = bright(sample, options.size), said = place_box(real(box), placement);
    const bool tiny = said && (said->width < 1.5 || said->height < 1.5);  // may be darker than half
    EXPECT_TRUE(tiny || found.has_value() == said.has_value()) << "key " << key;
    if (!said) ++counts.vanished;
    if (!found || !said || tiny) continue;
    ++counts.seen;
    const auto size = static_cast<double>(options.size);
    if (said->left == 0 || said->top == 0 || said->left + said->width == size ||
        said->top + said->height == size)
      ++counts.cut;
    EXPECT_NEAR(found->left, said->left, 1) << "key " << key;
    EXPECT_NEAR(found->top, said->top, 1) << "key " << key;
    EXPECT_NEAR(found->left + found->width, said->left + said->width, 1) << "key " << key;
    EXPECT_NEAR(found->top + found->height, said->top + said->height, 1) << "key " << key;
  }
  return counts;
}

TransformOptions options(Augmentation::Crop crop) {
  Augmentation augmentation;
  augmentation.crop = crop;
  augmentation.range = {0.1, 0.6, 0.5, 2};
  augmentation.shift = 20;
  augmentation.flip = augmentation.flip_vertical = 0.5;
  return {.size = 48, .resize = 56, .channels = 1, .augmentation = augmentation};
}

class Orientations : public testing::TestWithParam<int> {};

// Away from the middle, so that no two of the eight turns and four mirrorings agree.
TEST_P(Orientations, BoxesFollowTheirImage) {
  const PixelBox box{9, 31, 22, 13};
  const auto png = with_orientation(encode_png(marked({.height = 70, .width = 100}, box)),
                                    static_cast<uint8_t>(GetParam()));
  for (const auto crop :
       {Augmentation::Crop::kNone, Augmentation::Crop::kRandomResized, Augmentation::Crop::kShift}) {
    const Counts counts = compare(png, box, options(crop), 60);
    EXPECT_GT(counts.seen, 10);
    if (crop == Augmentation::Crop::kRandomResized) {
      EXPECT_GT(counts.vanished, 5);
      EXPECT_GT(counts.cut, 5);
    }
  }
  TransformOptions evaluation = options(Augmentation::Crop::kNone);
  evaluation.augmentation.reset();
  EXPECT_EQ(compare(png, box, evaluation, 1).seen, 1);
}

INSTANTIATE_TEST_SUITE_P(OfExif, Orientations, testing::Range(1, 9));

TEST(Placement, DoesNotDependOnShrinkingWhileDecoding) {
  const PixelBox box{160, 320, 480, 240};
  const auto jpeg = encode_jpeg(marked({.height = 800, .width = 1000}, box));
  EXPECT_GT(compare(jpeg, box, options(Augmentation::Crop::kRandomResized), 40).seen, 20);
}

// Resize(2 · 50 → 100), CenterCrop(80): 10 pixels are cut off on each side of the shorter, 60 of the longer.
TEST(Placement, FollowsTheNumbersOfACentralCrop) {
  Placement placement{.stored = {.height = 50, .width = 100}};
  placement.geometry = centre_crop(placement.stored, 100, 80);
  const auto box = place_box({40, 10, 15, 20}, placement);
  ASSERT_TRUE(box);
  EXPECT_EQ(box->left, 40 * 2 - 60);
  EXPECT_EQ(box->top, 10 * 2 - 10);
  EXPECT_EQ(box->width, 30);
  EXPECT_EQ(box->height, 40);
  placement.geometry.flip = true;
  EXPECT_EQ(place_box({40, 10, 15, 20}, placement)->left, 80 - 20 - 30);
  EXPECT_FALSE(place_box({0, 10, 30, 20}, placement)) << "it ends where the crop begins";
  EXPECT_FALSE(place_box({40, 10, 0, 20}, placement)) << "nothing is seen of a line";
  EXPECT_FALSE(place_box({120, 10, 10, 20}, placement)) << "it lies outside of the image";
  const auto cut = place_box({-50, -50, 500, 500}, placement);
  EXPECT_EQ(cut->width, 80);
  EXPECT_EQ(cut->height, 80);
}

// A quarter clockwise: what is at the left of the stored image is at the top of the upright one.
TEST(Placement, UprightBoxesAreNotTurned) {
  Placement placement{.stored = {.height = 40, .width = 60}, .orientation = 6};
  placement.geometry = {.box = {0, 0, 40, 60}, .resized = {.height = 60, .width = 40}, .size = 60};
  const auto stored = place_box({0, 0, 60, 10}, placement);  // the top row: now the right column
  EXPECT_EQ(stored->left, 30);
  EXPECT_EQ(stored->width, 10);
  EXPECT_EQ(stored->height, 60);
  const auto upright = place_upright_box({0, 0, 40, 10}, placement);
  EXPECT_EQ(upright->left, 0);
  EXPECT_EQ(upright->width, 40);
  EXPECT_EQ(upright->height, 10);
}

}  // namespace
}  // namespace echelon::image
