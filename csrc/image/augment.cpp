#include "image/augment.h"

#include <algorithm>
#include <numeric>

#include "image/adjust.h"

namespace echelon::image {
namespace {

std::optional<Interval> around_one(double strength) {
  if (strength == 0) return std::nullopt;
  return Interval{std::max(0.0, 1 - strength), 1 + strength};
}

/// Every order of `items` equally often (Fisher and Yates).
template <size_t kCount>
void shuffle(std::array<int, kCount>& items, RandomStream& random) {
  for (size_t i = kCount - 1; i > 0; --i) std::swap(items[i], items[random.below(i + 1)]);
}

}  // namespace

ColorJitter ColorJitter::from_strengths(double brightness, double contrast, double saturation, double hue) {
  ColorJitter jitter{around_one(brightness), around_one(contrast), around_one(saturation)};
  if (hue != 0) jitter.hue = Interval{-hue, hue};
  return jitter;
}

void ColorJitter::apply(Image& image, RandomStream& random) const {
  if (probability < 1 && random.uniform() >= probability) return;
  using Adjust = void (*)(Image&, double);
  constexpr std::array<Adjust, 4> kAdjust{adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue};
  const std::array<std::optional<Interval>, 4> intervals{brightness, contrast, saturation, hue};
  std::array<int, 4> order{};
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, random);
  std::array<double, 4> drawn{};
  for (size_t i = 0; i < drawn.size(); ++i) {
    if (intervals[i]) drawn[i] = random.uniform(intervals[i]->low, intervals[i]->high);
  }
  for (const int i : order) {
    if (intervals[i]) kAdjust[i](image, drawn[i]);
  }
}

Geometry Augmentation::choose(ImageSize source, int64_t resize, int64_t size, RandomStream& random) const {
  Geometry geometry = crop == Crop::kRandomResized ? random_resized_crop(source, size, range, random)
                                                   : centre_crop(source, resize, size);
  if (crop == Crop::kShift) shift_randomly(geometry, shift, random);
  geometry.flip = flip > 0 && random.uniform() < flip;
  geometry.upside_down = flip_vertical > 0 && random.uniform() < flip_vertical;
  return geometry;
}

void Augmentation::change_pixels(Image& image, RandomStream& random) const {
  if (jitter) jitter->apply(image, random);
  if (grayscale > 0 && random.uniform() < grayscale) to_grayscale(image);
  if (rand_augment) rand_augment->apply(image, random);
}

}  // namespace echelon::image
