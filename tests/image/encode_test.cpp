#include "image/encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "image/contact_sheet.h"
#include "image/pixels.h"
#include "image/png.h"
#include "image/webp.h"

namespace echelon::image {
namespace {

/// Peak signal-to-noise ratio in decibels.
double fidelity(const Image& found, const Image& original) {
  double square = 0;
  for (size_t i = 0; i < original.pixels.size(); ++i) {
    const double apart = found.pixels[i] - original.pixels[i];
    square += apart * apart / static_cast<double>(original.pixels.size());
  }
  return 10 * std::log10(255 * 255 / square);
}

TEST(Encode, PngAndLosslessWebpGiveThePixelsBack) {
  for (const int channels : {1, 3}) {
    const Image original = decoded(golden("turned.png"), channels);
    EXPECT_EQ(difference(decoded(encode_png(original), channels), original), 0);
    EXPECT_EQ(difference(decoded(encode_webp(original, 101), channels), original), 0);
  }
}

TEST(Encode, JpegTradesSizeForFidelity) {
  const Image original = decoded(golden("large.jpg"), 3);
  const Bytes good = encode_jpeg(original, 95, Subsampling::k444), fair = encode_jpeg(original, 60);
  EXPECT_GT(good.size(), 2 * fair.size());
  EXPECT_GT(fidelity(decoded(good, 3), original), 38);
  EXPECT_GT(fidelity(decoded(fair, 3), original), 25);
  EXPECT_LT(encode_jpeg(original, 90, Subsampling::k422).size(),
            encode_jpeg(original, 90, Subsampling::k444).size());
  const Image grey = decoded(golden("large.jpg"), 1);
  EXPECT_GT(fidelity(decoded(encode_jpeg(grey, 95), 1), grey), 38);
  EXPECT_GT(fidelity(decoded(encode_webp(original, 90), 3), original), 28);
}

// The frame header (ITU-T T.81, B.2.2) says how much less resolution the colours have.
TEST(Encode, JpegHasTheSubsamplingThatIsAskedFor) {
  const Image original = decoded(golden("colour.png"), 3);
  const auto factors = [&](Subsampling subsampling) {
    const Bytes jpeg = encode_jpeg(original, 90, subsampling);
    const Bytes marker{0xff, 0xc0};
    const auto frame = std::search(jpeg.begin(), jpeg.end(), marker.begin(), marker.end());
    return std::pair<int, int>(frame[11], frame[14]);
  };
  EXPECT_EQ(factors(Subsampling::k444), std::pair(0x11, 0x11));
  EXPECT_EQ(factors(Subsampling::k422), std::pair(0x21, 0x11));
  EXPECT_EQ(factors(Subsampling::k420), std::pair(0x22, 0x11));
}

TEST(Encode, RefusesWhatTheFormatCannotHold) {
  Image wide;
  wide.resize(1, 70'000, 1);
  EXPECT_THROW(encode_jpeg(wide), DataError);
  EXPECT_THROW(encode_webp(wide, 50), DataError);
  EXPECT_THROW(encode_jpeg({}), DataError);
}

TEST(ContactSheet, PutsThumbnailsIntoAGrid) {
  const Image white{2, 4, 1, Bytes(8, 255)}, red{2, 1, 3, {200, 0, 0, 200, 0, 0}};
  const std::vector<Image> images{white, red, Image{}};
  const Image sheet = contact_sheet(images, {.cell = 4, .gap = 1});
  ASSERT_EQ(sheet.size(), (ImageSize{11, 11}));
  const auto pixel = [&](int64_t y, int64_t x) {
    return std::vector<int>(sheet.row(y) + 3 * x, sheet.row(y) + 3 * x + 3);
  };
  const std::vector<int> kWhite{255, 255, 255}, kBlack{0, 0, 0}, kRed{200, 0, 0}, kGrey{128, 128, 128};
  EXPECT_EQ(pixel(0, 0), kWhite);  // the gap
  EXPECT_EQ(pixel(1, 1), kBlack);  // above a wide image
  EXPECT_EQ(pixel(2, 1), kWhite);
  EXPECT_EQ(pixel(3, 4), kWhite);
  EXPECT_EQ(pixel(4, 4), kBlack);
  EXPECT_EQ(pixel(1, 6), kBlack);  // beside a high one
  EXPECT_EQ(pixel(1, 7), kRed);
  EXPECT_EQ(pixel(4, 8), kRed);
  EXPECT_EQ(pixel(1, 9), kBlack);
  EXPECT_EQ(pixel(6, 1), kGrey);   // an image that could not be read
  EXPECT_EQ(pixel(9, 9), kWhite);  // no image
  EXPECT_EQ(contact_sheet({}, {.columns = 3, .cell = 4, .gap = 1}).size(), (ImageSize{1, 16}));
}

}  // namespace
}  // namespace echelon::image
