#include "image/filter.h"

#include <algorithm>
#include <cmath>

namespace echelon::image {
namespace {

struct Axis {
  int64_t source;        ///< pixels of the whole source
  double start, extent;  ///< of the box
  int64_t resized;       ///< pixels that the box becomes
  int64_t window_start, window;
};

double triangle(double distance) {
  return std::max(0.0, 1.0 - std::abs(distance));
}

void weigh(const Axis& axis, FilterWeights& weights) {
  const double scale = axis.extent / static_cast<double>(axis.resized);
  const double stretch = std::max(scale, 1.0);
  const auto lowest = static_cast<int64_t>(std::floor(axis.start));
  const int64_t highest = std::min(axis.source, static_cast<int64_t>(std::ceil(axis.start + axis.extent)));
  weights.begin = std::clamp<int64_t>(-axis.window_start, 0, axis.window);
  weights.end = std::clamp<int64_t>(axis.resized - axis.window_start, weights.begin, axis.window);
  weights.taps = static_cast<int64_t>(std::ceil(stretch)) * 2 + 1;
  const int64_t targets = weights.end - weights.begin;
  weights.first.assign(targets, 0);
  weights.count.assign(targets, 0);
  weights.values.assign(targets * weights.taps, 0);
  weights.exact.resize(weights.taps);

  for (int64_t i = 0; i < targets; ++i) {
    const double centre =
        axis.start + (static_cast<double>(axis.window_start + weights.begin + i) + 0.5) * scale;
    const int64_t first = std::max(lowest, static_cast<int64_t>(std::floor(centre - stretch + 0.5)));
    const int64_t last = std::min(highest, static_cast<int64_t>(std::floor(centre + stretch + 0.5)));
    weights.first[i] = first;
    weights.count[i] = last - first;
    double total = 0;
    for (int64_t tap = 0; tap < last - first; ++tap) {
      weights.exact[tap] = triangle((static_cast<double>(first + tap) + 0.5 - centre) / stretch);
      total += weights.exact[tap];
    }
    int32_t* values = weights.values.data() + i * weights.taps;
    for (int64_t tap = 0; tap < last - first; ++tap) {
      values[tap] = static_cast<int32_t>(std::floor(weights.exact[tap] / total * (1 << kWeightBits) + 0.5));
    }
  }
}

}  // namespace

PixelBox WindowFilter::prepare(ImageSize source, const Geometry& geometry) {
  const Box& box = geometry.box;
  window = geometry.size;
  weigh({source.width, box.left, box.width, geometry.resized.width, geometry.left, window}, columns);
  weigh({source.height, box.top, box.height, geometry.resized.height, geometry.top, window}, rows);
  if (is_empty()) return {};
  return {columns.source_begin(), rows.source_begin(), columns.source_end() - columns.source_begin(),
          rows.source_end() - rows.source_begin()};
}

}  // namespace echelon::image
