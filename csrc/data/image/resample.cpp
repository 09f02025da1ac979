#include "data/image/resample.h"

#include <algorithm>
#include <cmath>

namespace echelon::data {
namespace {

constexpr int kPrecision = 22;  // weights sum to 2^22: times 255 it fits in 31 bits
constexpr int32_t kHalf = 1 << (kPrecision - 1);

uint8_t to_pixel(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
}

double triangle(double distance) {
  return std::max(0.0, 1.0 - std::abs(distance));
}

template <int kChannels>
void narrow_row(const uint8_t* source, const int64_t* first, const int64_t* count, const int32_t* values,
                int64_t taps, int64_t columns, uint8_t* target) {
  for (int64_t x = 0; x < columns; ++x) {
    const uint8_t* pixel = source + first[x] * kChannels;
    const int32_t* weight = values + x * taps;
    int32_t sums[kChannels];
    for (int32_t& sum : sums) sum = kHalf;
    for (int64_t tap = 0; tap < count[x]; ++tap) {
      for (int c = 0; c < kChannels; ++c) sums[c] += pixel[tap * kChannels + c] * weight[tap];
    }
    for (int c = 0; c < kChannels; ++c) *target++ = to_pixel(sums[c]);
  }
}

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

  std::vector<double> exact(weights.taps);
  for (int64_t i = 0; i < targets; ++i) {
    const double centre =
        axis.start + (static_cast<double>(axis.window_start + weights.begin + i) + 0.5) * scale;
    const int64_t first = std::max(lowest, static_cast<int64_t>(std::floor(centre - stretch + 0.5)));
    const int64_t last = std::min(highest, static_cast<int64_t>(std::floor(centre + stretch + 0.5)));
    weights.first[i] = first;
    weights.count[i] = last - first;
    double total = 0;
    for (int64_t tap = 0; tap < last - first; ++tap) {
      exact[tap] = triangle((static_cast<double>(first + tap) + 0.5 - centre) / stretch);
      total += exact[tap];
    }
    int32_t* values = weights.values.data() + i * weights.taps;
    for (int64_t tap = 0; tap < last - first; ++tap) {
      values[tap] = static_cast<int32_t>(std::floor(exact[tap] / total * (1 << kPrecision) + 0.5));
    }
  }
}

void Resampler::across(const Image& source, int64_t first_row, int64_t last_row) {
  const int64_t columns = columns_.end - columns_.begin;
  narrow_.resize(last_row - first_row, columns, source.channels);
  const auto narrow = source.channels == 1 ? narrow_row<1> : narrow_row<3>;
  for (int64_t y = first_row; y < last_row; ++y) {
    narrow(source.row(y), columns_.first.data(), columns_.count.data(), columns_.values.data(), columns_.taps,
           columns, narrow_.row(y - first_row));
  }
}

void Resampler::down(int64_t first_row, Image& output) {
  const int64_t width = narrow_.width * narrow_.channels;
  sums_.resize(width);
  for (int64_t i = 0; i < rows_.end - rows_.begin; ++i) {
    std::fill(sums_.begin(), sums_.end(), kHalf);
    for (int64_t tap = 0; tap < rows_.count[i]; ++tap) {
      const uint8_t* row = narrow_.row(rows_.first[i] + tap - first_row);
      const int32_t weight = rows_.values[i * rows_.taps + tap];
      for (int64_t x = 0; x < width; ++x) sums_[x] += row[x] * weight;
    }
    uint8_t* target = output.row(rows_.begin + i) + columns_.begin * output.channels;
    for (int64_t x = 0; x < width; ++x) target[x] = to_pixel(sums_[x]);
  }
}

void Resampler::operator()(const Image& source, const Geometry& geometry, Image& output) {
  const Box& box = geometry.box;
  weigh({source.width, box.left, box.width, geometry.resized.width, geometry.left, geometry.size}, columns_);
  weigh({source.height, box.top, box.height, geometry.resized.height, geometry.top, geometry.size}, rows_);
  output.resize(geometry.size, geometry.size, source.channels);
  const bool covered =
      rows_.end - rows_.begin == geometry.size && columns_.end - columns_.begin == geometry.size;
  if (!covered) std::fill(output.pixels.begin(), output.pixels.end(), 0);
  if (rows_.first.empty() || columns_.first.empty()) return;
  const int64_t first_row = rows_.first.front();
  const int64_t last_row = rows_.first.back() + rows_.count.back();
  across(source, first_row, last_row);
  down(first_row, output);
}

}  // namespace echelon::data
