#include "prepare/image/recoder.h"

#include <gtest/gtest.h>

#include "image/pixels.h"

namespace echelon::prepare {
namespace {

using image::Bytes;
using image::decoded;
using image::difference;
using image::golden;

std::optional<Recoder::Recoded> recoded(const Bytes& encoded, RecodeOptions options) {
  return Recoder(std::move(options))(encoded);
}

Bytes bytes_of(const std::optional<Recoder::Recoded>& recoded) {
  return {recoded->content.begin(), recoded->content.end()};
}

TEST(Recoder, LeavesAloneWhatNeedsNothing) {
  const Bytes jpeg = golden("uneven_420.jpg"), nonsense = {'n', 'o'};
  EXPECT_TRUE(Recoder({}).copies_unseen());
  EXPECT_FALSE(recoded(nonsense, {}));
  EXPECT_FALSE(recoded(jpeg, {.verify = true}));
  EXPECT_FALSE(recoded(jpeg, {.format = StoredFormat::kJpeg, .quality = 5}));
  EXPECT_FALSE(recoded(jpeg, {.resize = ResizeSettings{.shorter_side = 4000}}));
}

TEST(Recoder, FindsDamage) {
  Bytes cut = golden("colour.png");
  cut.resize(cut.size() / 2);
  EXPECT_FALSE(recoded(cut, {}));
  EXPECT_THROW(recoded(cut, {.verify = true}), DataError);
  EXPECT_THROW(recoded(cut, {.format = StoredFormat::kWebp}), DataError);
  EXPECT_THROW(recoded({'n', 'o'}, {.verify = true}), DataError);
}

TEST(Recoder, StoresUprightPixels) {
  for (const char* name : {"turned_6.jpg", "colour.png", "lossy.webp", "cmyk.jpg"}) {
    const Bytes original = golden(name);
    const auto png = recoded(original, {.format = StoredFormat::kPng});
    if (std::string(name) == "colour.png") {
      EXPECT_FALSE(png);
      continue;
    }
    ASSERT_TRUE(png);
    EXPECT_EQ(png->extension, "png");
    EXPECT_EQ(difference(decoded(bytes_of(png), 3), decoded(original, 3)), 0) << name;
  }
}

TEST(Recoder, ResizesToTheShorterSide) {
  const Bytes original = golden("colour.png");
  const auto small = recoded(original, {.resize = ResizeSettings{.shorter_side = 20}});
  ASSERT_TRUE(small);
  EXPECT_EQ(small->extension, "png");
  image::ImageDecoder decoder;
  const image::ImageSize size = decoder.open(original);
  image::Resizer resizer;
  const image::Image& expected = resizer(decoder, size, 3, image::with_shorter_side(size, 20));
  EXPECT_EQ(difference(decoded(bytes_of(small), 3), expected), 0);

  const ResizeSettings larger{.shorter_side = 400, .enlarge = true};
  const image::Image large = decoded(bytes_of(recoded(original, {.resize = larger})), 3);
  EXPECT_EQ(std::min(large.height, large.width), 400);
}

TEST(Recoder, KeepsGreyGrey) {
  const auto grey = recoded(golden("grey.jpg"), {.format = StoredFormat::kPng});
  const auto colour = recoded(golden("colour.jpg"), {.format = StoredFormat::kPng});
  constexpr size_t kColourType = 25;  // of IHDR: 0 is grey, 2 is colour
  EXPECT_EQ(bytes_of(grey)[kColourType], 0);
  EXPECT_EQ(bytes_of(colour)[kColourType], 2);
}

TEST(Recoder, EncodesAsAsked) {
  const Bytes original = golden("colour.png");
  for (const auto& [format, extension] :
       {std::pair{StoredFormat::kJpeg, "jpg"}, {StoredFormat::kWebp, "webp"}}) {
    const auto good = recoded(original, {.format = format, .quality = 95});
    const auto poor = recoded(original, {.format = format, .quality = 10});
    ASSERT_TRUE(good && poor);
    EXPECT_EQ(good->extension, extension);
    EXPECT_EQ(extension_of(image::detect_format(bytes_of(good))), extension);
    EXPECT_LT(poor->content.size(), good->content.size());
    EXPECT_EQ(decoded(bytes_of(good), 3).size(), decoded(original, 3).size());
  }
}

}  // namespace
}  // namespace echelon::prepare
