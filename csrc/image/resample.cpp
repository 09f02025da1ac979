#include "image/resample.h"

#include <algorithm>

#include "image/resample_kernels.h"

namespace echelon::image {
namespace {

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

PixelBox Resampler::prepare(ImageSize source, const Geometry& geometry) {
  return filter_.prepare(source, geometry);
}

void Resampler::across(const ImagePart& part) {
  const int channels = part.image.channels;
  const int64_t columns = filter_.columns.end - filter_.columns.begin;
  narrow_.resize(filter_.rows.source_end() - filter_.rows.source_begin(), columns, channels);
  const int64_t top = filter_.rows.source_begin() - part.top;
  const NarrowRows rows{.source = part.image.row(top),
                        .source_end = part.image.pixels.data() + part.image.pixels.size(),
                        .source_stride = part.image.width * channels,
                        .rows = narrow_.height,
                        .columns = columns,
                        .left = part.left,
                        .first = filter_.columns.first.data(),
                        .count = filter_.columns.count.data(),
                        .weights = filter_.columns.values.data(),
                        .taps = filter_.columns.taps,
                        .target = narrow_.pixels.data()};
  if (channels == 1) {
    narrow_grey(rows);
  } else if (!narrow_colour_fast(rows, room_)) {
    narrow_colour(rows);
  }
}

void Resampler::down(int64_t target, uint8_t* pixels) {
  const int64_t width = narrow_.width * narrow_.channels, count = filter_.rows.count[target];
  taps_.resize(count);
  for (int64_t tap = 0; tap < count; ++tap)
    taps_[tap] = narrow_.row(filter_.rows.first[target] + tap - filter_.rows.source_begin());
  sums_.resize(width);
  weighted_sum(taps_.data(), filter_.rows.values.data() + target * filter_.rows.taps, count, width,
               sums_.data(), pixels);
}

void Resampler::run(const ImagePart& part, RowSink& rows) {
  const int channels = part.image.channels;
  row_.assign(filter_.window * channels, 0);
  if (!filter_.is_empty()) across(part);
  for (int64_t y = 0; y < filter_.window; ++y) {
    if (y == filter_.rows.end) std::fill(row_.begin(), row_.end(), 0);
    if (!filter_.is_empty() && y >= filter_.rows.begin && y < filter_.rows.end)
      down(y - filter_.rows.begin, row_.data() + filter_.columns.begin * channels);
    rows.row(y, row_.data());
  }
}

void Resampler::run(const ImagePart& part, Image& window) {
  window.resize(filter_.window, filter_.window, part.image.channels);
  ImageSink sink(window);
  run(part, sink);
}

void Resampler::operator()(const Image& source, const Geometry& geometry, Image& output) {
  prepare(source.size(), geometry);
  run({source}, output);
}

}  // namespace echelon::image
