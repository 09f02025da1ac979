#include "data/image/transform.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/error.h"
#include "data/image/decoder.h"
#include "data/image/resample.h"
#include "data/support/golden.h"

namespace echelon::data {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

/// The largest and the mean difference between two images.
struct Difference {
  int largest = 0;
  double mean = 0;
};
Difference difference(const Bytes& found, const Bytes& expected) {
  Difference result;
  EXPECT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    const int apart = std::abs(found[i] - expected[i]);
    result.largest = std::max(result.largest, apart);
    result.mean += apart / static_cast<double>(expected.size());
  }
  return result;
}

Bytes decode(const std::string& name, int channels) {
  const Bytes encoded = golden(name);
  ImageDecoder decoder;
  decoder.open(encoded);
  return decoder.decode(channels, 1).pixels;
}

// Pillow's pixels, made by golden/make_images.py.
TEST(ImageDecoder, DecodesEveryKindAsPillowDoes) {
  for (const char* name : {"colour.png", "grey.png", "transparent.png", "palette.png", "colour.jpg",
                           "progressive.jpg", "grey.jpg", "cmyk.jpg"}) {
    const bool is_png = std::string(name).ends_with("png");
    EXPECT_LE(difference(decode(name, 3), golden(std::string(name) + ".rgb.bin")).largest, is_png ? 0 : 1)
        << name;
    EXPECT_LE(difference(decode(name, 1), golden(std::string(name) + ".grey.bin")).largest, is_png ? 0 : 2)
        << name;
  }
}

TEST(ImageDecoder, ShrinksJpegWhileDecoding) {
  const Bytes encoded = golden("large.jpg");
  ImageDecoder decoder;
  EXPECT_EQ(decoder.open(encoded), (ImageSize{240, 360}));
  EXPECT_EQ(decoder.reduction(3), 2);
  EXPECT_EQ(decoder.reduction(100), 8);
  const Image& eighth = decoder.decode(3, 8);
  EXPECT_EQ(eighth.height, 30);
  EXPECT_EQ(eighth.width, 45);
  decoder.open(encoded);
  EXPECT_EQ(decoder.decode(1, 4).pixels.size(), 60 * 90);
}

std::string refusal(const Bytes& encoded) {
  try {
    ImageDecoder decoder;
    decoder.open(encoded);
    decoder.decode(3, 1);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ImageDecoder, RefusesDamage) {
  EXPECT_THAT(refusal({}), HasSubstr("neither JPEG nor PNG"));
  EXPECT_THAT(refusal({'G', 'I', 'F', '8', '9', 'a'}), HasSubstr("neither JPEG nor PNG"));
  for (const char* name : {"colour.png", "colour.jpg", "progressive.jpg"}) {
    const Bytes whole = golden(name);
    for (const size_t length : {size_t{10}, size_t{100}, whole.size() / 2, whole.size() - 40}) {
      EXPECT_THAT(refusal(Bytes(whole.begin(), whole.begin() + static_cast<int64_t>(length))),
                  HasSubstr("corrupt"))
          << name << " cut to " << length;
    }
  }
}

TEST(ImageDecoder, RefusesHugeHeadersBeforeTakingMemory) {
  Bytes jpeg = golden("grey.jpg");
  const Bytes start_of_frame{0xff, 0xc0, 0x00, 0x0b, 0x08};
  const auto frame = std::search(jpeg.begin(), jpeg.end(), start_of_frame.begin(), start_of_frame.end());
  ASSERT_NE(frame, jpeg.end());
  for (int i = 0; i < 2; ++i) {
    frame[5 + 2 * i] = 60'000 >> 8;
    frame[6 + 2 * i] = 60'000 & 0xff;
  }
  EXPECT_THAT(refusal(jpeg), HasSubstr("an image of 60000 × 60000 pixels"));

  // Signature and header of a PNG of 60,000 × 60,000 with the right CRC (zlib.crc32 of b"IHDR…").
  const Bytes png{0x89, 'P',  'N',  'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I',  'H',  'D',  'R', 0,
                  0,    0xea, 0x60, 0,   0,    0xea, 0x60, 8,    2, 0, 0, 0,  0x0f, 0xb0, 0xe2, 0x15};
  EXPECT_THAT(refusal(png), HasSubstr("an image of 60000 × 60000 pixels"));
}

TEST(ImageDecoder, SurvivesFlippedBits) {
  RandomStream random(11);
  ImageDecoder decoder;
  int accepted = 0, refused = 0;
  for (const char* name : {"colour.png", "palette.png", "colour.jpg", "progressive.jpg", "cmyk.jpg"}) {
    const Bytes whole = golden(name);
    for (int i = 0; i < 1000; ++i) {
      Bytes damaged = whole;
      for (uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
        damaged[random.below(damaged.size())] ^= static_cast<uint8_t>(1 << random.below(8));
      }
      try {
        decoder.open(damaged);
        decoder.decode(3, 1);
        ++accepted;
      } catch (const DataError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, 0);
}

Bytes resampled(const std::string& name, const Geometry& geometry) {
  const Bytes encoded = golden(name);
  ImageDecoder decoder;
  decoder.open(encoded);
  Image output;
  Resampler resampler;
  resampler(decoder.decode(3, 1), geometry, output);
  return output.pixels;
}

// torchvision's pixels, made by golden/make_images.py.
TEST(Resampler, ResizesAsTorchvisionDoes) {
  const ImageSize source{60, 90};
  const auto check = [](const std::string& expected, const Geometry& geometry) {
    EXPECT_LE(difference(resampled("colour.png", geometry), golden(expected + ".bin")).largest, 1)
        << expected;
  };
  check("resize_32_crop_24", centre_crop(source, 32, 24));
  check("enlarge_100_crop_100", centre_crop(source, 100, 100));
  check("box_31x47_at_5_9_to_20", {.box = {9, 5, 47, 31}, .resized = {20, 20}, .size = 20});
  check("box_7x5_at_50_3_to_20", {.box = {3, 50, 5, 7}, .resized = {20, 20}, .size = 20});
}

TEST(Resampler, CopiesWhatIsNotResized) {
  const Image source{2, 2, 1, {1, 2, 3, 4}};
  Image output;
  Resampler resampler;
  resampler(source, {.box = {0, 0, 2, 2}, .resized = {2, 2}, .size = 2}, output);
  EXPECT_EQ(output.pixels, (Bytes{1, 2, 3, 4}));
}

TEST(Resampler, FillsWithBlackOverTheEdge) {
  const Image source{2, 2, 1, {1, 2, 3, 4}};
  Image output;
  Resampler resampler;
  resampler(source, {.box = {0, 0, 2, 2}, .resized = {2, 2}, .left = 1, .top = -1, .size = 2}, output);
  EXPECT_EQ(output.pixels, (Bytes{0, 0, 2, 0}));
  resampler(source, {.box = {0, 0, 2, 2}, .resized = {2, 2}, .left = 5, .top = -7, .size = 2}, output);
  EXPECT_EQ(output.pixels, (Bytes{0, 0, 0, 0}));
}

ImageSettings settings(int64_t size, int channels) {
  ImageSettings s;
  s.size = size;
  s.channels = channels;
  return s;
}

at::Tensor transform(const ImageTransform& transform, const std::string& name, uint64_t key,
                     at::ScalarType type = at::kFloat) {
  at::Tensor output = at::full({transform.channels(), transform.size(), transform.size()}, -9.0, type);
  transform(golden(name), key, type, output.mutable_data_ptr());
  return output;
}

/// Pixels [height, width, channel] as torchvision's ToTensor and Normalize make them.
at::Tensor to_tensor(const Bytes& pixels, int64_t size, double mean, double std) {
  const at::Tensor raw = at::tensor(at::ArrayRef<uint8_t>(pixels), at::kByte).view({size, size, 3});
  return (raw.permute({2, 0, 1}).to(at::kDouble) / 255 - mean) / std;
}

TEST(ImageTransform, NormalisesInEveryType) {
  ImageSettings s = settings(24, 3);
  s.resize = 32;
  s.mean = {0.5, 0.5, 0.5};
  s.std = {0.25, 0.25, 0.25};
  const ImageTransform evaluate(s, false);
  const at::Tensor expected = to_tensor(golden("resize_32_crop_24.bin"), 24, 0.5, 0.25);
  const double level = 1.01 / 255 / 0.25;  // one grey level
  for (const auto& [type, rounding] :
       {std::pair{at::kDouble, 0.0}, {at::kFloat, 1e-6}, {at::kHalf, 1e-3}, {at::kBFloat16, 8e-3}}) {
    const at::Tensor found = transform(evaluate, "colour.png", 0, type);
    EXPECT_EQ(found.scalar_type(), type);
    EXPECT_LE((found.to(at::kDouble) - expected).abs().max().item<double>(), level + rounding);
  }
}

// Decoded at a quarter of its size first, a JPEG stays within a few levels of decoding it whole.
TEST(ImageTransform, ShrinksLargeJpegFaithfully) {
  const ImageTransform evaluate(settings(32, 3), false);
  const at::Tensor apart = (transform(evaluate, "large.jpg", 0).to(at::kDouble) -
                            to_tensor(golden("large_jpeg_to_32.bin"), 32, 0, 1))
                               .abs() *
                           255;
  EXPECT_LT(apart.mean().item<double>(), 1.0);
  EXPECT_LT(apart.max().item<double>(), 16.0);
}

TEST(ImageTransform, FlipsEverySecondImage) {
  ImageSettings s = settings(60, 1);
  s.augment.flip = true;
  const ImageTransform train(s, true);
  const at::Tensor plain = transform(ImageTransform(s, false), "colour.png", 0);
  int flipped = 0;
  for (uint64_t key = 0; key < 400; ++key) {
    const at::Tensor found = transform(train, "colour.png", key);
    const bool is_flipped = found.equal(plain.flip({2}));
    EXPECT_TRUE(is_flipped || found.equal(plain));
    flipped += is_flipped;
  }
  EXPECT_NEAR(flipped, 200, 50);  // five standard deviations
}

TEST(ImageTransform, DependsOnTheKeyAlone) {
  ImageSettings s = settings(16, 3);
  s.augment.crop = Crop::kRandomResized;
  s.augment.flip = true;
  const ImageTransform train(s, true);
  const at::Tensor first = transform(train, "colour.jpg", 1);
  EXPECT_FALSE(first.equal(transform(train, "colour.jpg", 2)));
  EXPECT_TRUE(first.equal(transform(train, "colour.jpg", 1)));
}

// RandomCrop with padding, around the middle of an image that is as high as the crop and wider.
TEST(ImageTransform, ShiftsIntoBlack) {
  ImageSettings s = settings(60, 1);
  s.augment.crop = Crop::kShift;
  s.augment.shift = 3;
  const ImageTransform train(s, true);
  const Bytes pixels = golden("grey.png.grey.bin");
  const at::Tensor whole =
      at::tensor(at::ArrayRef<uint8_t>(pixels), at::kByte).view({1, 60, 90}).to(at::kDouble).div(255);
  const at::Tensor padded = at::constant_pad_nd(whole.to(at::kFloat), {0, 0, 3, 3}, 0);
  std::set<std::pair<int64_t, int64_t>> places;
  for (uint64_t key = 0; key < 300; ++key) {
    const at::Tensor found = transform(train, "grey.png", key);
    const size_t before = places.size();
    for (int64_t y = 0; y <= 6 && places.size() == before; ++y) {
      for (int64_t x = 12; x <= 18; ++x) {
        if (found.equal(padded.slice(1, y, y + 60).slice(2, x, x + 60))) places.insert({y, x});
      }
    }
  }
  EXPECT_GE(places.size(), 45);  // of 49
}

}  // namespace
}  // namespace echelon::data
