#include "image/resize.h"

#include <gtest/gtest.h>

#include "image/pixels.h"

namespace echelon::image {
namespace {

TEST(WithShorterSide, KeepsTheShape) {
  EXPECT_EQ(with_shorter_side({300, 400}, 150), (ImageSize{150, 200}));
  EXPECT_EQ(with_shorter_side({400, 300}, 150), (ImageSize{200, 150}));
  EXPECT_EQ(with_shorter_side({7, 7}, 256), (ImageSize{256, 256}));
  EXPECT_EQ(with_shorter_side({100, 333}, 10), (ImageSize{10, 33}));  // 33.3
}

/// The columns and rows of `image` that lie in the square at (left, top).
Image square(const Image& image, int64_t left, int64_t top, int64_t size) {
  Image part;
  part.resize(size, size, image.channels);
  for (int64_t y = 0; y < size; ++y)
    std::copy_n(image.row(top + y) + left * image.channels, size * image.channels, part.row(y));
  return part;
}

// Each square of the result is what the resampler, which tests compare with torchvision, makes of that
// window.
TEST(Resizer, GivesThePixelsOfTheResampler) {
  for (const char* name : {"uneven_444.jpg", "colour.png", "turned_6.jpg", "grey.png"}) {
    const int channels = std::string(name).starts_with("grey") ? 1 : 3;
    const Bytes encoded = golden(name);
    const Image whole = decoded(encoded, channels);
    ImageDecoder decoder;
    const ImageSize source = decoder.open(encoded);
    const ImageSize size = with_shorter_side(source, 20);
    Resizer resizer;
    const Image& resized = resizer(decoder, source, channels, size);
    ASSERT_EQ(resized.size(), size);
    Resampler resampler;
    for (const bool far : {false, true}) {
      const int64_t left = far ? size.width - 20 : 0, top = far ? size.height - 20 : 0;
      Image expected;
      resampler(whole,
                {.box = {0, 0, static_cast<double>(source.width), static_cast<double>(source.height)},
                 .resized = size,
                 .left = left,
                 .top = top,
                 .size = 20},
                expected);
      EXPECT_EQ(difference(square(resized, left, top, 20), expected), 0) << name;
    }
  }
}

// docs/images.md says by how much shrinking while decoding may change pixels.
TEST(Resizer, ShrinksLargeJpegsWhileDecoding) {
  const Bytes encoded = golden("large.jpg");
  const Image whole = decoded(encoded, 3);
  ImageDecoder decoder;
  const ImageSize source = decoder.open(encoded), size = with_shorter_side(source, 32);
  Resizer resizer;
  const Image found = square(resizer(decoder, source, 3, size), 0, 0, 32);
  Image expected;
  Resampler()(whole,
              {.box = {0, 0, static_cast<double>(source.width), static_cast<double>(source.height)},
               .resized = size,
               .size = 32},
              expected);
  EXPECT_GT(difference(found, expected), 0);
  EXPECT_LT(difference(found, expected), 16);
}

}  // namespace
}  // namespace echelon::image
