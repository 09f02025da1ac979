#include "image/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/format.h"
#include "common/random.h"
#include "image/pixels.h"

namespace echelon::image {
namespace {

using testing::HasSubstr;

/// The golden images of a kind, by their names' ending.
std::vector<std::string> images(const std::string& ending) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(ECHELON_SOURCE_DIR "/tests/image/golden")) {
    const std::string name = entry.path().filename();
    if (name.ends_with(ending) && std::count(name.begin(), name.end(), '.') == 1) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// How far the pixels of `name` are from Pillow's, as colour and as grey.
std::pair<int, int> apart(const std::string& name) {
  const Bytes encoded = golden(name);
  return {difference(decoded(encoded, 3), decoded(golden(name + ".rgb.png"), 3)),
          difference(decoded(encoded, 1), decoded(golden(name + ".grey.png"), 1))};
}

TEST(ImageDecoder, ReadsPlainPngToTheByte) {
  EXPECT_EQ(decoded(golden("colour.png"), 3).pixels, golden("colour.bin"));
  EXPECT_EQ(decoded(golden("grey.png"), 1).pixels, golden("grey.bin"));
}

// Pillow's pixels, made by golden/make_images.py: all colour types and depths, interlaced, transparent,
// turned.
TEST(ImageDecoder, DecodesEveryPngAsPillowDoes) {
  const auto names = images(".png");
  for (const std::string& name : names) {
    if (golden(name).empty() ||
        !std::filesystem::exists(ECHELON_SOURCE_DIR "/tests/image/golden/" + name + ".rgb.png"))
      continue;
    EXPECT_EQ(apart(name), std::pair(0, 0)) << name;
  }
  EXPECT_GE(names.size(), 24);
}

// The inverse cosine transform and the smoothing of colours are those of libjpeg-turbo on both sides. One
// level is for other versions of it.
TEST(ImageDecoder, DecodesEveryJpegAsPillowDoes) {
  const auto names = images(".jpg");
  for (const std::string& name : names) {
    const auto [colour, grey] = apart(name);
    EXPECT_LE(colour, 1) << name;
    EXPECT_LE(grey, 1) << name;
  }
  EXPECT_GE(names.size(), 28);
}

TEST(ImageDecoder, DecodesEveryWebpAsPillowDoes) {
  const auto names = images(".webp");
  for (const std::string& name : names) EXPECT_EQ(apart(name), std::pair(0, 0)) << name;
  EXPECT_EQ(names.size(), 7);
}

/// The part of `whole` that `part` covers is the same in both; for parts of all sizes and places.
void check_parts(const std::string& name, int channels, int reduction) {
  const Bytes encoded = golden(name);
  ImageDecoder decoder, partial;
  decoder.open(encoded);
  const Image whole = decoder.decode(channels, reduction);
  RandomStream random(7);
  for (int i = 0; i < 60; ++i) {
    PixelBox box;
    box.left = static_cast<int64_t>(random.below(whole.width));
    box.top = static_cast<int64_t>(random.below(whole.height));
    box.width = 1 + static_cast<int64_t>(random.below(whole.width - box.left));
    box.height = 1 + static_cast<int64_t>(random.below(whole.height - box.top));
    partial.open(encoded);
    ASSERT_EQ(partial.reduced_size(reduction), whole.size());
    const ImagePart part = partial.decode_part(channels, reduction, box);
    ASSERT_GE(box.left, part.left);
    ASSERT_GE(box.top, part.top);
    ASSERT_LE(box.left + box.width, part.left + part.image.width);
    ASSERT_LE(box.top + box.height, part.top + part.image.height);
    for (int64_t y = box.top; y < box.top + box.height; ++y) {
      const uint8_t* found = part.image.row(y - part.top) + (box.left - part.left) * channels;
      const uint8_t* expected = whole.row(y) + box.left * channels;
      ASSERT_TRUE(std::equal(found, found + box.width * channels, expected))
          << str_format("{} / {}: row {} of {} × {} at {}, {}", name, reduction, y, box.width, box.height,
                        box.left, box.top);
    }
  }
}

TEST(ImageDecoder, DecodesPartsAsTheWhole) {
  for (const std::string& name : images(".jpg")) {
    for (const int channels : {1, 3}) check_parts(name, channels, 1);
  }
  for (const char* name : {"turned.png", "turned.webp"}) check_parts(name, 3, 1);
}

TEST(ImageDecoder, DecodesPartsOfShrunkJpegAsTheWhole) {
  for (const std::string& name : images(".jpg")) {
    for (const int reduction : {2, 4, 8}) check_parts(name, 3, reduction);
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
  EXPECT_EQ(decoder.decode(1, 4).pixels.size(), 60 * 90);
  const Bytes png = golden("colour.png");
  decoder.open(png);
  EXPECT_EQ(decoder.reduction(8), 1);
}

TEST(ImageDecoder, RefusesWhatIsNoImageByName) {
  EXPECT_THAT(refusal({}), HasSubstr("empty"));
  EXPECT_THAT(refusal({'G', 'I', 'F', '8', '9', 'a'}), HasSubstr("neither JPEG nor PNG nor WebP, but GIF"));
  EXPECT_THAT(refusal({'B', 'M', 0, 0}), HasSubstr("BMP"));
  EXPECT_THAT(refusal({'I', 'I', '*', 0}), HasSubstr("TIFF"));
  EXPECT_THAT(refusal({0, 0, 0, 32, 'f', 't', 'y', 'p', 'a', 'v', 'i', 'f'}), HasSubstr("AVIF"));
  EXPECT_THAT(refusal({1, 2, 3}), testing::EndsWith("nor WebP"));
}

// Wherever a file is cut before its picture is complete it is refused, as Pillow does.
TEST(ImageDecoder, RefusesEveryTruncation) {
  for (const char* name : {"colour.png", "interlaced.png", "colour.jpg", "progressive.jpg", "lossy.webp",
                           "lossless.webp", "lossy_alpha.webp", "animated.webp"}) {
    const Bytes whole = golden(name);
    const std::string kind(name);
    // The last chunk of a PNG may be missing, and the second frame of an
    // animation is not looked at.
    const size_t needed = kind.ends_with("png")     ? whole.size() - 12
                          : kind == "animated.webp" ? 1000
                                                    : whole.size();
    for (size_t length = 1; length < needed; length += 1 + length / 20) {
      EXPECT_THAT(refusal(Bytes(whole.begin(), whole.begin() + static_cast<int64_t>(length))),
                  testing::AnyOf(HasSubstr("corrupt"), HasSubstr("neither")))
          << name << " cut to " << length;
    }
  }
}

// Each scan goes over the whole picture.
TEST(ImageDecoder, RefusesEndlessScans) {
  const Bytes whole = golden("progressive.jpg"), marker{0xff, 0xda};
  const auto last = std::find_end(whole.begin(), whole.end(), marker.begin(), marker.end());
  const auto with_scans = [&](int more) {
    Bytes longer(whole.begin(), whole.end() - 2);
    for (int i = 0; i < more; ++i) longer.insert(longer.end(), last, whole.end() - 2);
    longer.insert(longer.end(), whole.end() - 2, whole.end());
    return longer;
  };
  EXPECT_EQ(refusal(with_scans(100)), "accepted");
  EXPECT_THAT(refusal(with_scans(500)), HasSubstr("more than 500 scans"));
}

/// The most memory that this process has had since the last call, in bytes.
int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  int64_t kilobytes = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) kilobytes = std::stoll(line.substr(6));
  }
  std::ofstream("/proc/self/clear_refs") << 5;
  return kilobytes << 10;
}

TEST(ImageDecoder, RefusesHugeHeadersBeforeTakingMemory) {
  peak_memory();
  const int64_t before = peak_memory();
  Bytes jpeg = golden("grey.jpg");
  const Bytes start_of_frame{0xff, 0xc0, 0x00, 0x0b, 0x08};
  const auto frame = std::search(jpeg.begin(), jpeg.end(), start_of_frame.begin(), start_of_frame.end());
  ASSERT_NE(frame, jpeg.end());
  for (int i = 0; i < 2; ++i) {
    frame[5 + 2 * i] = 60'000 >> 8;
    frame[6 + 2 * i] = 60'000 & 0xff;
  }
  EXPECT_THAT(refusal(jpeg), HasSubstr("an image of 60000 × 60000 pixels"));

  Bytes png = golden("colour.png");
  for (int i = 0; i < 2; ++i) {
    png[18 + 4 * i] = 60'000 >> 8;
    png[19 + 4 * i] = 60'000 & 0xff;
  }
  EXPECT_THAT(refusal(png), HasSubstr("an image of 60000 × 60000 pixels"));

  Bytes webp = golden("animated.webp");  // VP8X: 24 bits each for width and height, less 1
  for (int i = 0; i < 2; ++i) {
    webp[24 + 3 * i] = 59'999 & 0xff;
    webp[25 + 3 * i] = 59'999 >> 8;
  }
  EXPECT_THAT(refusal(webp), HasSubstr("an image of 60000 × 60000 pixels"));

  // Without VP8X there are 14 bits for each side.
  Bytes lossy = golden("lossy.webp");
  for (const size_t at : {26, 28}) lossy[at] = 0xff, lossy[at + 1] = 0x3f;
  EXPECT_THAT(refusal(lossy), HasSubstr("an image of 16383 × 16383 pixels"));
  Bytes lossless = golden("lossless.webp");
  for (const size_t at : {21, 22, 23}) lossless[at] = 0xff;
  lossless[24] |= 0x0f;
  EXPECT_THAT(refusal(lossless), HasSubstr("an image of 16384 × 16384 pixels"));

  EXPECT_THAT(refusal(golden("colour.png"), 60 * 90 - 1), HasSubstr("at most 5399 pixels"));
  EXPECT_LT(peak_memory() - before, 8 << 20) << "the pixels of the smallest would take 768 MiB";
}

// A chunk of text that unpacks to a GiB, and a profile that is no profile, are never unpacked.
TEST(ImageDecoder, PassesOverWhatPngPacksBesideThePicture) {
  const Bytes whole = golden("colour.png");
  Bytes padded(whole.begin(), whole.begin() + 33);
  for (const char* kind : {"iCCP", "zTXt", "iTXt", "tEXt", "eXIf", "tRNS", "acTL"}) {
    const Bytes chunk{0,
                      0,
                      0,
                      4,
                      static_cast<uint8_t>(kind[0]),
                      static_cast<uint8_t>(kind[1]),
                      static_cast<uint8_t>(kind[2]),
                      static_cast<uint8_t>(kind[3]),
                      'x',
                      0,
                      0,
                      0x78,
                      1,
                      2,
                      3,
                      4};
    padded.insert(padded.end(), chunk.begin(), chunk.end());
  }
  padded.insert(padded.end(), whole.begin() + 33, whole.end());
  EXPECT_EQ(decoded(padded, 3).pixels, golden("colour.bin"));
}

TEST(ImageDecoder, SurvivesFlippedBits) {
  RandomStream random(11);
  ImageDecoder decoder(1 << 20);
  int accepted = 0, refused = 0;
  for (const char* name :
       {"colour.png", "palette.png", "interlaced_16_bit.png", "colour.jpg", "progressive.jpg", "cmyk.jpg",
        "turned_6.jpg", "lossy_alpha.webp", "lossless.webp", "animated.webp"}) {
    const Bytes whole = golden(name);
    for (int i = 0; i < 300; ++i) {
      Bytes damaged = whole;
      for (uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
        damaged[random.below(damaged.size())] ^= static_cast<uint8_t>(1 << random.below(8));
      }
      try {
        decoder.open(damaged);
        decoder.decode(3);
        ++accepted;
      } catch (const DataError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace echelon::image
