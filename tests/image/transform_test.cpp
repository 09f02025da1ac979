#include "image/transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <thread>

#include "image/adjust.h"
#include "image/pixels.h"

namespace echelon::image {
namespace {

TransformOptions options(int64_t size, int channels) {
  return {.size = size, .resize = size, .channels = channels};
}

template <class T = float>
std::vector<T> transformed(const ImageTransform& transform, const std::string& name, uint64_t key,
                           ElementType type = ElementType::kFloat32) {
  std::vector<T> planes(transform.channels() * transform.size() * transform.size());
  transform(golden(name), key, type, planes.data());
  return planes;
}

/// Place of a pixel in planes of size × size.
size_t place(int64_t size, int64_t channel, int64_t y, int64_t x) {
  return (channel * size + y) * size + x;
}

TEST(ImageTransform, NormalisesInEveryType) {
  TransformOptions o = options(24, 3);
  o.resize = 32;
  o.mean = {0.5, 0.4, 0.3};
  o.deviation = {0.25, 0.2, 0.3};
  const ImageTransform evaluate(o);
  const Image expected = decoded(golden("resize_32_crop_24.expected.png"), 3);
  const auto real = transformed<double>(evaluate, "colour.png", 0, ElementType::kFloat64);
  const auto single = transformed<float>(evaluate, "colour.png", 0, ElementType::kFloat32);
  const auto half = transformed<uint16_t>(evaluate, "colour.png", 0, ElementType::kFloat16);
  const auto brain = transformed<uint16_t>(evaluate, "colour.png", 0, ElementType::kBfloat16);
  const auto raw = transformed<uint8_t>(evaluate, "colour.png", 0, ElementType::kUint8);
  for (int c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < 24; ++y) {
      for (int64_t x = 0; x < 24; ++x) {
        const uint8_t pixel = expected.row(y)[3 * x + c];
        const double value = (pixel / 255.0 - o.mean[c]) / o.deviation[c];
        const size_t at = place(24, c, y, x);
        ASSERT_EQ(real[at], value);
        ASSERT_EQ(single[at], static_cast<float>(value));
        ASSERT_EQ(half[at], float16_bits(static_cast<float>(value)));
        ASSERT_EQ(brain[at], bfloat16_bits(static_cast<float>(value)));
        ASSERT_EQ(raw[at], pixel);
      }
    }
  }
}

// What decoding a part, and writing each row as it is made, must not change: the crop of the whole image.
TEST(ImageTransform, IsDecodeThenCropThenResizeThenFlip) {
  TransformOptions o = options(20, 3);
  o.augmentation =
      Augmentation{.crop = Augmentation::Crop::kRandomResized, .flip = 0.5, .flip_vertical = 0.5};
  const ImageTransform train(o);
  for (const char* name : {"uneven_420.jpg", "uneven_422.jpg", "progressive.jpg", "turned_6.jpg",
                           "turned_7.jpg", "turned.png", "lossy.webp", "turned.webp"}) {
    const Image whole = decoded(golden(name), 3);
    for (uint64_t key = 0; key < 30; ++key) {
      RandomStream random(key);
      const Geometry geometry = o.augmentation->choose(whole.size(), 20, 20, random);
      if (reduction_that_leaves_detail(geometry) > 1) continue;  // then a JPEG is shrunk beforehand
      Image sample;
      Resampler()(whole, geometry, sample);
      if (geometry.flip) mirror_left_right(sample);
      if (geometry.upside_down) mirror_top_bottom(sample);
      const auto found = transformed<uint8_t>(train, name, key, ElementType::kUint8);
      for (int c = 0; c < 3; ++c) {
        for (int64_t y = 0; y < 20; ++y) {
          for (int64_t x = 0; x < 20; ++x)
            ASSERT_EQ(found[place(20, c, y, x)], sample.row(y)[3 * x + c]) << name << " " << key;
        }
      }
    }
  }
}

// Decoded at a quarter of its size first, a JPEG stays within a few levels of decoding it whole.
TEST(ImageTransform, ShrinksLargeJpegFaithfully) {
  const auto found =
      transformed<uint8_t>(ImageTransform(options(32, 3)), "large.jpg", 0, ElementType::kUint8);
  const Image expected = decoded(golden("large_to_32.expected.png"), 3);
  double mean = 0;
  int most = 0;
  for (int c = 0; c < 3; ++c) {
    for (int64_t i = 0; i < 32 * 32; ++i) {
      const int apart = std::abs(found[c * 32 * 32 + i] - expected.pixels[3 * i + c]);
      mean += apart / (3.0 * 32 * 32);
      most = std::max(most, apart);
    }
  }
  EXPECT_GT(most, 0);
  EXPECT_LT(mean, 1.0);
  EXPECT_LT(most, 16);
}

TEST(ImageTransform, FlipsEverySecondImage) {
  TransformOptions o = options(60, 1);
  const auto plain = transformed(ImageTransform(o), "colour.png", 0);
  o.augmentation = Augmentation{.flip = 0.5};
  const ImageTransform train(o);
  std::vector<float> mirrored(plain.size());
  for (int64_t y = 0; y < 60; ++y) {
    for (int64_t x = 0; x < 60; ++x) mirrored[place(60, 0, y, x)] = plain[place(60, 0, y, 59 - x)];
  }
  int flipped = 0;
  for (uint64_t key = 0; key < 400; ++key) {
    const auto found = transformed(train, "colour.png", key);
    EXPECT_TRUE(found == mirrored || found == plain);
    flipped += found == mirrored;
  }
  EXPECT_NEAR(flipped, 200, 50);  // five standard deviations
}

TEST(ImageTransform, DependsOnTheKeyAlone) {
  TransformOptions o = options(16, 3);
  o.augmentation = Augmentation{.crop = Augmentation::Crop::kRandomResized,
                                .flip = 0.5,
                                .jitter = ColorJitter::from_strengths(0.4, 0.4, 0.4, 0.1),
                                .grayscale = 0.2,
                                .rand_augment = RandAugment{},
                                .erasing = RandomErasing{}};
  const ImageTransform train(o);
  const auto first = transformed(train, "colour.jpg", 1);
  EXPECT_NE(first, transformed(train, "colour.jpg", 2));
  EXPECT_EQ(first, transformed(train, "colour.jpg", 1));
  std::vector<float> elsewhere;
  std::thread([&] { elsewhere = transformed(train, "colour.jpg", 1); }).join();
  EXPECT_EQ(first, elsewhere);
}

// RandomCrop with padding, around the middle of an image that is as high as the crop and wider.
TEST(ImageTransform, ShiftsIntoBlack) {
  TransformOptions o = options(60, 1);
  o.augmentation = Augmentation{.crop = Augmentation::Crop::kShift, .shift = 3};
  const ImageTransform train(o);
  const Image whole = decoded(golden("grey.png"), 1);
  const auto is_at = [&](const std::vector<uint8_t>& found, int64_t top, int64_t left) {
    for (int64_t y = 0; y < 60; ++y) {
      for (int64_t x = 0; x < 60; ++x) {
        const bool inside = y + top >= 0 && y + top < 60;
        if (found[place(60, 0, y, x)] != (inside ? whole.row(y + top)[x + left] : 0)) return false;
      }
    }
    return true;
  };
  std::set<std::pair<int64_t, int64_t>> places;
  for (uint64_t key = 0; key < 300; ++key) {
    const auto found = transformed<uint8_t>(train, "grey.png", key, ElementType::kUint8);
    for (int64_t top = -3; top <= 3; ++top) {
      for (int64_t left = 12; left <= 18; ++left) {
        if (is_at(found, top, left)) places.insert({top, left});
      }
    }
  }
  EXPECT_GE(places.size(), 45);  // of 49
}

// numpy.float16 and torch.bfloat16 of values on both sides of every kind of boundary.
TEST(Element, RoundsToSixteenBitsToEven) {
  EXPECT_EQ(float16_bits(1.0F), 0x3c00);
  EXPECT_EQ(float16_bits(-2.5F), 0xc100);
  EXPECT_EQ(float16_bits(1.0F + 0x1p-11F), 0x3c00);
  EXPECT_EQ(float16_bits(1.0F + 0x3p-11F), 0x3c02);
  EXPECT_EQ(float16_bits(65519.0F), 0x7bff);
  EXPECT_EQ(float16_bits(65520.0F), 0x7c00);
  EXPECT_EQ(float16_bits(0x1p-24F), 0x0001);
  EXPECT_EQ(float16_bits(0x1p-25F), 0x0000);
  EXPECT_EQ(float16_bits(0x1.8p-25F), 0x0001);
  EXPECT_EQ(float16_bits(-0.0F), 0x8000);
  EXPECT_EQ(bfloat16_bits(1.0F), 0x3f80);
  EXPECT_EQ(bfloat16_bits(1.0F + 0x1p-8F), 0x3f80);
  EXPECT_EQ(bfloat16_bits(1.0F + 0x3p-8F), 0x3f82);
}

TEST(Element, KeepsEverySixteenBitNumber) {
  for (int bits = 0; bits < 0x10000; ++bits) {
    const auto number = static_cast<uint16_t>(bits);
    if ((bits & 0x7c00) != 0x7c00 || (bits & 0x3ff) == 0) {
      EXPECT_EQ(float16_bits(float16_value(number)), number);
    }
    if ((bits & 0x7f80) != 0x7f80 || (bits & 0x7f) == 0) {
      EXPECT_EQ(bfloat16_bits(bfloat16_value(number)), number);
    }
  }
}

}  // namespace
}  // namespace echelon::image
