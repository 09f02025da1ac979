#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "image/adjust.h"
#include "image/augment.h"
#include "image/pixels.h"

namespace echelon::image {
namespace {

std::istringstream golden_text(const std::string& name) {
  const Bytes bytes = golden(name);
  return std::istringstream(std::string(bytes.begin(), bytes.end()));
}

std::optional<Operation> find_operation(const std::string& name) {
  for (int i = 0; i < kOperations; ++i) {
    if (operation_name(static_cast<Operation>(i)) == name) return static_cast<Operation>(i);
  }
  return std::nullopt;
}

/// What a line of adjusted.txt names.
void adjust(const std::string& name, double value, Image& image) {
  const std::map<std::string, std::function<void()>> adjustments{
      {"brightness", [&] { adjust_brightness(image, value); }},
      {"contrast", [&] { adjust_contrast(image, value); }},
      {"saturation", [&] { adjust_saturation(image, value); }},
      {"sharpness", [&] { adjust_sharpness(image, value); }},
      {"hue", [&] { adjust_hue(image, value); }},
      {"posterize", [&] { posterize(image, static_cast<int>(value)); }},
      {"solarize", [&] { solarize(image, value); }},
      {"autocontrast", [&] { autocontrast(image); }},
      {"equalize", [&] { equalize(image); }},
      {"grayscale", [&] { to_grayscale(image); }},
  };
  if (const auto operation = find_operation(name)) return apply_operation(*operation, value, image);
  adjustments.at(name)();
}

// torchvision's pixels on Pillow images, made by golden/make_augmentations.py, to the bit.
TEST(Adjust, ChangesPixelsAsTorchvisionDoes) {
  for (const int channels : {3, 1}) {
    const Image plain = decoded(golden("plain.png"), channels);
    const Image sheet = decoded(golden(channels == 3 ? "adjusted.rgb.png" : "adjusted.grey.png"), channels);
    std::istringstream cases = golden_text("adjusted.txt");
    std::string name;
    double value = 0;
    int64_t count = 0;
    for (; cases >> name >> value; ++count) {
      Image image = plain, expected;
      adjust(name, value, image);
      expected.resize(plain.height, plain.width, channels);
      std::copy_n(sheet.row(count * plain.height), expected.pixels.size(), expected.pixels.begin());
      EXPECT_EQ(difference(image, expected), 0) << name << " " << value << ", " << channels << " channels";
    }
    EXPECT_EQ(count, 66);
  }
}

TEST(Adjust, HasNoEdgeCasesInTinyImages) {
  for (const ImageSize size : {ImageSize{1, 1}, {2, 2}, {1, 9}}) {
    for (int i = 0; i < kOperations; ++i) {
      Image image;
      image.resize(size.height, size.width, 3);
      apply_operation(static_cast<Operation>(i), 0.5, image);
      EXPECT_EQ(image.size(), size);
    }
  }
}

TEST(RandAugment, HasTorchvisionsMagnitudes) {
  std::istringstream lines = golden_text("magnitudes.txt");
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream fields(line);
    std::string name;
    int levels = 0, has_sign = 0;
    fields >> name >> levels >> has_sign;
    const auto operation = find_operation(name);
    ASSERT_TRUE(operation) << name;
    EXPECT_EQ(is_signed(*operation), has_sign != 0) << name;
    for (int level = 0; level < levels; ++level) {
      double expected = 0;
      fields >> expected;
      // torch.linspace rounds by the width of the processor's registers.
      EXPECT_FLOAT_EQ(operation_magnitude(*operation, level, levels, {180, 224}), expected)
          << name << " " << level;
    }
  }
  EXPECT_EQ(count, 2 * kOperations);
}

// Identity leaves the image alone, and so do operations whose magnitude is nothing; all others show on this
// image. One operation of fourteen, so that each appears as often as any other.
TEST(RandAugment, DrawsEachOperationEquallyOften) {
  const Image plain = decoded(golden("plain.png"), 3);
  std::map<std::vector<uint8_t>, Operation> results;
  for (int i = 0; i < kOperations; ++i) {
    const auto operation = static_cast<Operation>(i);
    const double size = operation_magnitude(operation, 9, 31, plain.size());
    for (const double magnitude : {size, -size}) {
      if (magnitude < 0 && !is_signed(operation)) continue;
      Image image = plain;
      apply_operation(operation, magnitude, image);
      results.emplace(image.pixels, operation);
    }
  }
  ASSERT_GE(results.size(),
            22);  // 14, and 9 negated ones, of which posterize and autocontrast may agree with others
  constexpr int kDraws = 2800;
  std::map<std::vector<uint8_t>, int> counts;
  for (uint64_t key = 0; key < kDraws; ++key) {
    RandomStream random(derive_key(3, key));
    Image image = plain;
    RandAugment{.operations = 1}.apply(image, random);
    ++counts[image.pixels];
  }
  std::map<Operation, int> by_operation;
  for (const auto& [pixels, count] : counts) {
    ASSERT_TRUE(results.contains(pixels));
    by_operation[results.at(pixels)] += count;
    if (is_signed(results.at(pixels))) {
      EXPECT_NEAR(count, kDraws / 28, 50);  // five standard deviations
    }
  }
  for (const auto& [operation, count] : by_operation)
    EXPECT_NEAR(count, kDraws / kOperations, 69) << operation_name(operation);
}

TEST(ColorJitter, DrawsFactorsAndOrdersEvenly) {
  // On one pixel of grey only brightness shows: v · factor, cut off.
  const ColorJitter brightness = ColorJitter::from_strengths(0.4, 0, 0, 0);
  double mean = 0, square = 0;
  constexpr int kDraws = 20'000;
  for (uint64_t key = 0; key < kDraws; ++key) {
    Image image{1, 1, 1, {100}};
    RandomStream random(derive_key(4, key));
    brightness.apply(image, random);
    ASSERT_GE(image.pixels[0], 60 - 1);
    ASSERT_LE(image.pixels[0], 140);
    mean += image.pixels[0] / static_cast<double>(kDraws);
    square += image.pixels[0] * image.pixels[0] / static_cast<double>(kDraws);
  }
  EXPECT_NEAR(mean, 99.5, 0.9);  // cut off towards zero: half a level less; five standard deviations
  EXPECT_NEAR(square - mean * mean, 80.0 * 80.0 / 12, 20);

  // Brightness 0.5 and saturation 0 in either order, with contrast 0: black or grey by what comes last.
  const ColorJitter fixed{Interval{0.5, 0.5}, Interval{0, 0}};
  std::map<int, int> outcomes;
  for (uint64_t key = 0; key < kDraws; ++key) {
    Image image{1, 2, 1, {0, 200}};
    RandomStream random(derive_key(5, key));
    fixed.apply(image, random);
    EXPECT_EQ(image.pixels[0], image.pixels[1]);
    ++outcomes[image.pixels[0]];
  }
  EXPECT_EQ(outcomes.size(), 1);  // the mean of half is half of the mean
  EXPECT_EQ(outcomes.begin()->first, 50);
}

TEST(ColorJitter, TakesEveryOrder) {
  // Four values on a colour that keeps the order visible.
  const ColorJitter jitter{Interval{1.9, 1.9}, Interval{0.3, 0.3}, Interval{2.5, 2.5}, Interval{0.3, 0.3}};
  const Image plain{1, 2, 3, {200, 90, 20, 10, 120, 230}};
  std::map<std::vector<uint8_t>, int> outcomes;
  for (uint64_t key = 0; key < 12'000; ++key) {
    Image image = plain;
    RandomStream random(derive_key(6, key));
    jitter.apply(image, random);
    ++outcomes[image.pixels];
  }
  std::set<std::vector<uint8_t>> expected;
  std::array<int, 4> order{0, 1, 2, 3};
  do {
    Image image = plain;
    for (const int i : order) {
      if (i == 0) adjust_brightness(image, 1.9);
      if (i == 1) adjust_contrast(image, 0.3);
      if (i == 2) adjust_saturation(image, 2.5);
      if (i == 3) adjust_hue(image, 0.3);
    }
    expected.insert(image.pixels);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_GT(expected.size(), 8);
  EXPECT_EQ(outcomes.size(), expected.size());
  for (const auto& [pixels, count] : outcomes) {
    EXPECT_TRUE(expected.contains(pixels));
    EXPECT_GT(count, 300);  // 500 for each order
  }
}

TEST(Augmentation, DrawsFlipsAndGreyIndependentlyAndAsOftenAsAsked) {
  const Augmentation augmentation{.flip = 0.3, .flip_vertical = 0.6, .grayscale = 0.1};
  const Image plain{1, 1, 3, {200, 90, 20}};
  constexpr int kDraws = 20'000;
  std::map<std::array<bool, 3>, int> counts;
  for (uint64_t key = 0; key < kDraws; ++key) {
    RandomStream random(derive_key(8, key));
    const Geometry geometry = augmentation.choose({8, 8}, 8, 8, random);
    Image image = plain;
    augmentation.change_pixels(image, random);
    ++counts[{geometry.flip, geometry.upside_down, image.pixels[0] == image.pixels[2]}];
  }
  for (const auto& [outcome, count] : counts) {
    const double share = (outcome[0] ? 0.3 : 0.7) * (outcome[1] ? 0.6 : 0.4) * (outcome[2] ? 0.1 : 0.9);
    EXPECT_NEAR(count, kDraws * share, 5 * std::sqrt(kDraws * share));
  }
  EXPECT_EQ(counts.size(), 8);
}

TEST(RandomErasing, DrawsRectanglesOfItsRanges) {
  const RandomErasing erasing;
  constexpr int kDraws = 20'000;
  int erased = 0;
  double mean_area = 0, mean_log_ratio = 0;
  for (uint64_t key = 0; key < kDraws; ++key) {
    RandomStream random(derive_key(7, key));
    const auto box = erasing.draw({500, 500}, random);
    if (!box) continue;
    ++erased;
    ASSERT_GE(box->left, 0);
    ASSERT_GE(box->top, 0);
    ASSERT_LE(box->left + box->width, 500);
    ASSERT_LE(box->top + box->height, 500);
    const double area = static_cast<double>(box->height * box->width) / 250'000;
    const double ratio = static_cast<double>(box->height) / static_cast<double>(box->width);
    ASSERT_GT(area, 0.019);
    ASSERT_LT(area, 0.332);
    ASSERT_GT(ratio, 0.29);
    ASSERT_LT(ratio, 3.4);
    mean_area += area;
    mean_log_ratio += std::log(ratio);
  }
  EXPECT_NEAR(erased, kDraws / 2, 354);  // five standard deviations
  // Even in [0.02, 0.33], of which next to nothing is too large; and even in the logarithm, whose middle is
  // not 0.
  EXPECT_NEAR(mean_area / erased, 0.175, 0.006);
  EXPECT_NEAR(mean_log_ratio / erased, (std::log(0.3) + std::log(3.3)) / 2, 0.04);
}

TEST(RandomErasing, FillsTheRectangleAlone) {
  const PixelBox box{1, 2, 2, 1};
  RandomStream random(1);
  std::vector<float> planes(2 * 4 * 4, 9.0F);
  RandomErasing{.value = {1.5, -2}}.erase(box, 2, {4, 4}, ElementType::kFloat32, planes.data(), random);
  for (int64_t i = 0; i < 32; ++i) {
    const bool inside = i % 16 == 9 || i % 16 == 10;
    EXPECT_EQ(planes[i], inside ? (i < 16 ? 1.5F : -2.0F) : 9.0F) << i;
  }
  std::vector<double> noise(100 * 100, 9.0);
  RandomErasing{.value = {}}.erase({0, 0, 100, 100}, 1, {100, 100}, ElementType::kFloat64, noise.data(),
                                   random);
  double mean = 0, square = 0;
  for (const double value : noise) mean += value / 1e4, square += value * value / 1e4;
  EXPECT_NEAR(mean, 0, 0.05);
  EXPECT_NEAR(square, 1, 0.08);
}

}  // namespace
}  // namespace echelon::image
