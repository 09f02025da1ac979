#include "image/resample.h"

#include <algorithm>
#include <cmath>

#include "image/resample_kernels.h"

namespace echelon::image {
namespace {

double triangle(double distance) {
  return std::max(0.0, 1.0 - std::abs(distance));
}

class ImageSink final : public RowSink {
 public:
  explicit ImageSink(Image& image) : image_(image) {}
  void row(int64_t y, const uint8_t* pixels) override {
    std::copy_n(pixels, image_.width * image_.channels, image_.row(y));
  }

 private:
  Image& image_;
};

}  // namespace

void Resampler::weigh(const Axis& axis, Weights& weights) {
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

PixelBox Resampler::prepare(ImageSize source, const Geometry& geometry) {
  const Box& box = geometry.box;
  window_ = geometry.size;
  weigh({source.width, box.left, box.width, geometry.resized.width, geometry.left, window_}, columns_);
  weigh({source.height, box.top, box.height, geometry.resized.height, geometry.top, window_}, rows_);
  if (is_empty()) return {};
  return {columns_.source_begin(), rows_.source_begin(), columns_.source_end() - columns_.source_begin(),
          rows_.source_end() - rows_.source_begin()};
}

void Resampler::across(const ImagePart& part) {
  const int channels = part.image.channels;
  const int64_t columns = columns_.end - columns_.begin;
  narrow_.resize(rows_.source_end() - rows_.source_begin(), columns, channels);
  const int64_t top = rows_.source_begin() - part.top;
  const NarrowRows rows{.source = part.image.row(top),
                        .source_end = part.image.pixels.data() + part.image.pixels.size(),
                        .source_stride = part.image.width * channels,
                        .rows = narrow_.height,
                        .columns = columns,
                        .left = part.left,
                        .first = columns_.first.data(),
                        .count = columns_.count.data(),
                        .weights = columns_.values.data(),
                        .taps = columns_.taps,
                        .target = narrow_.pixels.data()};
  if (channels == 1) {
    narrow_grey(rows);
  } else if (!narrow_colour_fast(rows, room_)) {
    narrow_colour(rows);
  }
}

void Resampler::down(int64_t target, uint8_t* pixels) {
  const int64_t width = narrow_.width * narrow_.channels, count = rows_.count[target];
  taps_.resize(count);
  for (int64_t tap = 0; tap < count; ++tap)
    taps_[tap] = narrow_.row(rows_.first[target] + tap - rows_.source_begin());
  sums_.resize(width);
  weighted_sum(taps_.data(), rows_.values.data() + target * rows_.taps, count, width, sums_.data(), pixels);
}

void Resampler::run(const ImagePart& part, RowSink& rows) {
  const int channels = part.image.channels;
  row_.assign(window_ * channels, 0);
  if (!is_empty()) across(part);
  for (int64_t y = 0; y < window_; ++y) {
    if (y == rows_.end) std::fill(row_.begin(), row_.end(), 0);
    if (!is_empty() && y >= rows_.begin && y < rows_.end)
      down(y - rows_.begin, row_.data() + columns_.begin * channels);
    rows.row(y, row_.data());
  }
}

void Resampler::run(const ImagePart& part, Image& window) {
  window.resize(window_, window_, part.image.channels);
  ImageSink sink(window);
  run(part, sink);
}

void Resampler::operator()(const Image& source, const Geometry& geometry, Image& output) {
  prepare(source.size(), geometry);
  run({source}, output);
}

}  // namespace echelon::image
