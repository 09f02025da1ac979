#include "image/resample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "image/pixels.h"

namespace echelon::image {
namespace {

Image resampled(const Image& source, const Geometry& geometry) {
  Image output;
  Resampler()(source, geometry, output);
  return output;
}

// torchvision's pixels, made by golden/make_images.py, to the bit.
TEST(Resampler, ResizesAsTorchvisionDoes) {
  const auto check = [](const std::string& name, const std::string& expected, const Geometry& geometry) {
    EXPECT_EQ(difference(resampled(decoded(golden(name), 3), geometry),
                         decoded(golden(expected + ".expected.png"), 3)),
              0)
        << expected;
  };
  const ImageSize source{60, 90};
  check("colour.png", "resize_32_crop_24", centre_crop(source, 32, 24));
  check("colour.png", "enlarge_100_crop_100", centre_crop(source, 100, 100));
  check("colour.png", "box_31x47_at_5_9_to_20", {.box = {9, 5, 47, 31}, .resized = {20, 20}, .size = 20});
  check("colour.png", "box_7x5_at_50_3_to_20", {.box = {3, 50, 5, 7}, .resized = {20, 20}, .size = 20});
  check("large.jpg", "box_233x301_at_3_50_to_24",
        {.box = {50, 3, 301, 233}, .resized = {24, 24}, .size = 24});
  check("large.jpg", "large_to_32", centre_crop({240, 360}, 32, 32));
}

/// The definition, in plain loops: triangle weights of 22 bits, rounded to 8 bits between the two axes.
std::vector<uint8_t> resize_line(const std::vector<uint8_t>& line, double start, double extent,
                                 int64_t resized) {
  const double scale = extent / static_cast<double>(resized), stretch = std::max(scale, 1.0);
  std::vector<uint8_t> result;
  for (int64_t i = 0; i < resized; ++i) {
    const double centre = start + (static_cast<double>(i) + 0.5) * scale;
    const auto first =
        std::max<int64_t>(std::llrint(std::floor(start)), std::llrint(std::floor(centre - stretch + 0.5)));
    const auto last = std::min<int64_t>(std::llrint(std::ceil(start + extent)),
                                        std::llrint(std::floor(centre + stretch + 0.5)));
    std::vector<double> weights;
    double total = 0;
    for (int64_t j = first; j < last; ++j) {
      weights.push_back(std::max(0.0, 1 - std::abs((static_cast<double>(j) + 0.5 - centre) / stretch)));
      total += weights.back();
    }
    int64_t sum = 1 << 21;
    for (int64_t j = first; j < last; ++j)
      sum += line[j] * static_cast<int64_t>(std::floor(weights[j - first] / total * (1 << 22) + 0.5));
    result.push_back(static_cast<uint8_t>(std::min<int64_t>(sum >> 22, 255)));
  }
  return result;
}

/// Column or row `at` of a channel.
std::vector<uint8_t> line_of(const Image& image, bool row, int64_t at, int channel) {
  std::vector<uint8_t> line;
  for (int64_t i = 0; i < (row ? image.width : image.height); ++i)
    line.push_back((row ? image.row(at) + i * image.channels : image.row(i) + at * image.channels)[channel]);
  return line;
}

Image by_definition(const Image& source, const Box& box, int64_t size) {
  Image narrow, result;
  narrow.resize(source.height, size, source.channels);
  result.resize(size, size, source.channels);
  for (int c = 0; c < source.channels; ++c) {
    for (int64_t y = 0; y < source.height; ++y) {
      const auto line = resize_line(line_of(source, true, y, c), box.left, box.width, size);
      for (int64_t x = 0; x < size; ++x) narrow.row(y)[x * source.channels + c] = line[x];
    }
    for (int64_t x = 0; x < size; ++x) {
      const auto line = resize_line(line_of(narrow, false, x, c), box.top, box.height, size);
      for (int64_t y = 0; y < size; ++y) result.row(y)[x * source.channels + c] = line[y];
    }
  }
  return result;
}

Image noise(int64_t height, int64_t width, int channels, uint64_t key) {
  Image image;
  image.resize(height, width, channels);
  RandomStream random(key);
  for (uint8_t& pixel : image.pixels) pixel = static_cast<uint8_t>(random.below(4) ? random.below(256) : 255);
  return image;
}

// Whatever instructions the processor has, for sources from one pixel to larger than any register holds.
TEST(Resampler, FollowsItsDefinitionToTheBit) {
  RandomStream random(5);
  for (int i = 0; i < 150; ++i) {
    const auto height = 1 + static_cast<int64_t>(random.below(i < 50 ? 6 : 90));
    const auto width = 1 + static_cast<int64_t>(random.below(i < 50 ? 6 : 90));
    const Image source = noise(height, width, i % 3 ? 3 : 1, i);
    Box box{0, 0, static_cast<double>(width), static_cast<double>(height)};
    if (i % 2) {
      box.left = random.uniform(0, static_cast<double>(width) * 0.6);
      box.top = random.uniform(0, static_cast<double>(height) * 0.6);
      box.width = random.uniform(0.3, static_cast<double>(width) - box.left);
      box.height = random.uniform(0.3, static_cast<double>(height) - box.top);
    }
    const auto size = 1 + static_cast<int64_t>(random.below(40));
    const Image found = resampled(source, {.box = box, .resized = {size, size}, .size = size});
    ASSERT_EQ(difference(found, by_definition(source, box, size)), 0)
        << i << ": " << height << " × " << width << " to " << size;
  }
}

TEST(Resampler, CopiesWhatIsNotResized) {
  const Image source{2, 2, 1, {1, 2, 3, 4}};
  EXPECT_EQ(resampled(source, {.box = {0, 0, 2, 2}, .resized = {2, 2}, .size = 2}).pixels,
            (Bytes{1, 2, 3, 4}));
}

TEST(Resampler, FillsWithBlackOverTheEdge) {
  const Image source{2, 2, 1, {1, 2, 3, 4}};
  const Geometry over{.box = {0, 0, 2, 2}, .resized = {2, 2}, .left = 1, .top = -1, .size = 2};
  EXPECT_EQ(resampled(source, over).pixels, (Bytes{0, 0, 2, 0}));
  const Geometry under{.box = {0, 0, 2, 2}, .resized = {2, 2}, .left = -1, .top = 1, .size = 2};
  EXPECT_EQ(resampled(source, under).pixels, (Bytes{0, 3, 0, 0}));
  const Geometry beside{.box = {0, 0, 2, 2}, .resized = {2, 2}, .left = 5, .top = -7, .size = 2};
  EXPECT_EQ(resampled(source, beside).pixels, (Bytes{0, 0, 0, 0}));
}

}  // namespace
}  // namespace echelon::image
