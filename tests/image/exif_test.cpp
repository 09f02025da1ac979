#include "image/exif.h"

#include <gtest/gtest.h>

#include <string>

#include "image/orientation.h"

namespace echelon::image {
namespace {

std::span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

using std::string_literals::operator""s;

// TIFF 6.0, section 2: byte order, 42, offset of the directory; entries of tag, type, count and value.
const std::string kLittle = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"s;
const std::string kBig = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0"s;

TEST(ExifOrientation, ReadsBothByteOrdersWithAndWithoutPrefix) {
  EXPECT_EQ(exif_orientation(bytes(kLittle)), 6);
  EXPECT_EQ(exif_orientation(bytes(kBig)), 8);
  const std::string prefixed = "Exif\0\0"s + kBig;
  EXPECT_EQ(exif_orientation(bytes(prefixed)), 8);
}

TEST(ExifOrientation, SaysNothingOfDamage) {
  for (size_t length = 0; length < 20; ++length) {
    const std::string cut = kLittle.substr(0, length);
    EXPECT_EQ(exif_orientation(bytes(cut)), std::nullopt) << length;
  }
  std::string far = kLittle;
  far.replace(4, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(exif_orientation(bytes(far)), std::nullopt);
  std::string two_values = kLittle;
  two_values[14] = 2;
  EXPECT_EQ(exif_orientation(bytes(two_values)), std::nullopt);
  std::string many = kLittle;
  many.replace(8, 2, "\xff\xff");
  many[10] = 0x13;  // another tag, and 65,534 more entries than there are
  EXPECT_EQ(exif_orientation(bytes(many)), std::nullopt);
}

TEST(XmpOrientation, ReadsAttributeAndElement) {
  EXPECT_EQ(xmp_orientation(bytes("<x tiff:Orientation=\"3\">")), 3);
  EXPECT_EQ(xmp_orientation(bytes("<tiff:Orientation>7</tiff:Orientation>")), 7);
  EXPECT_EQ(xmp_orientation(bytes("tiff:Orientation is tiff:Orientation=\"5\"")), 5);
  EXPECT_EQ(xmp_orientation(bytes("tiff:Orientation=\"")), std::nullopt);
  EXPECT_EQ(xmp_orientation(bytes("tiff:Orientation=\"x")), std::nullopt);
}

TEST(OrientationOf, PrefersExifAndIgnoresNonsense) {
  EXPECT_EQ(orientation_of(bytes(kLittle), bytes("tiff:Orientation=\"3\"")), 6);
  EXPECT_EQ(orientation_of({}, bytes("tiff:Orientation=\"3\"")), 3);
  EXPECT_EQ(orientation_of({}, bytes("tiff:Orientation=\"9\"")), 1);
  EXPECT_EQ(orientation_of({}, {}), 1);
}

// What a box covers before turning it covers after it: checked pixel by pixel against turn().
TEST(Orientation, BoxesFollowThePixels) {
  Image stored;
  stored.resize(5, 7, 1);
  for (size_t i = 0; i < stored.pixels.size(); ++i) stored.pixels[i] = static_cast<uint8_t>(i);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Image upright;
    turn(stored, orientation, upright);
    EXPECT_EQ(upright.size(), turned(stored.size(), orientation));
    for (int64_t y = 0; y < upright.height; ++y) {
      for (int64_t x = 0; x < upright.width; ++x) {
        const PixelBox box = stored_box({x, y, 1, 1}, stored.size(), orientation);
        EXPECT_EQ(stored.row(box.top)[box.left], upright.row(y)[x]) << orientation;
        EXPECT_EQ(upright_box(box, stored.size(), orientation), (PixelBox{x, y, 1, 1})) << orientation;
      }
    }
    const PixelBox part{1, 2, 3, 2};
    EXPECT_EQ(upright_box(stored_box(part, stored.size(), orientation), stored.size(), orientation), part);
  }
}

}  // namespace
}  // namespace echelon::image
