#include "image/geometry.h"

#include <algorithm>
#include <cmath>

namespace echelon::image {
namespace {

/// Half of an odd margin goes to the even neighbour, as Python's round() does.
int64_t centred(int64_t outer, int64_t inner) {
  return std::llrint(static_cast<double>(outer - inner) / 2.0);
}

Box whole(ImageSize source) {
  return {0, 0, static_cast<double>(source.width), static_cast<double>(source.height)};
}

Box central_box(ImageSize source, double ratio_low, double ratio_high) {
  const double ratio = static_cast<double>(source.width) / static_cast<double>(source.height);
  int64_t width = source.width, height = source.height;
  if (ratio < ratio_low) height = std::llrint(static_cast<double>(width) / ratio_low);
  if (ratio > ratio_high) width = std::llrint(static_cast<double>(height) * ratio_high);
  width = std::max<int64_t>(width, 1);
  height = std::max<int64_t>(height, 1);
  return {static_cast<double>((source.width - width) / 2), static_cast<double>((source.height - height) / 2),
          static_cast<double>(width), static_cast<double>(height)};
}

}  // namespace

Geometry centre_crop(ImageSize source, int64_t resize, int64_t size) {
  Geometry geometry{.box = whole(source), .resized = {resize, resize}, .size = size};
  if (source.width > source.height) geometry.resized.width = resize * source.width / source.height;
  if (source.height > source.width) geometry.resized.height = resize * source.height / source.width;
  geometry.left = centred(geometry.resized.width, size);
  geometry.top = centred(geometry.resized.height, size);
  return geometry;
}

Geometry random_resized_crop(ImageSize source, int64_t size, const ScaleRange& range, RandomStream& random) {
  Geometry geometry{.resized = {size, size}, .size = size};
  const auto area = static_cast<double>(source.width * source.height);
  const double log_low = std::log(range.ratio_low), log_high = std::log(range.ratio_high);
  for (int draw = 0; draw < 10; ++draw) {
    const double target = area * random.uniform(range.scale_low, range.scale_high);
    const double ratio = std::exp(random.uniform(log_low, log_high));
    const int64_t width = std::llrint(std::sqrt(target * ratio));
    const int64_t height = std::llrint(std::sqrt(target / ratio));
    if (width < 1 || height < 1 || width > source.width || height > source.height) continue;
    const auto top = static_cast<double>(random.below(source.height - height + 1));
    const auto left = static_cast<double>(random.below(source.width - width + 1));
    geometry.box = {left, top, static_cast<double>(width), static_cast<double>(height)};
    return geometry;
  }
  geometry.box = central_box(source, range.ratio_low, range.ratio_high);
  return geometry;
}

void shift_randomly(Geometry& geometry, int64_t shift, RandomStream& random) {
  geometry.top += static_cast<int64_t>(random.below(2 * shift + 1)) - shift;
  geometry.left += static_cast<int64_t>(random.below(2 * shift + 1)) - shift;
}

int reduction_that_leaves_detail(const Geometry& geometry) {
  constexpr double kGap = 2.0;
  const double across = geometry.box.width / static_cast<double>(geometry.resized.width);
  const double down = geometry.box.height / static_cast<double>(geometry.resized.height);
  return std::max(1, static_cast<int>(std::min(across, down) / kGap));
}

}  // namespace echelon::image
