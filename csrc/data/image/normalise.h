// 8-bit pixels → real numbers of any type, by table.
#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <cstdint>
#include <vector>

#include "data/image/image.h"

namespace echelon::data {

/// (pixel / 255 - mean) / standard deviation, for each channel, as one look-up for each pixel value.
class Normalisation {
 public:
  /// One mean and deviation a channel; empty: 0 and 1.
  Normalisation(int channels, const std::vector<double>& mean, const std::vector<double>& deviation);

  /// Writes `image` to [channel, height, width] at `target`, of type float32, float64, float16 or bfloat16,
  /// mirrored left to right when `flip`.
  void write(const Image& image, bool flip, at::ScalarType type, void* target) const;

 private:
  /// The bits of the result, by channel and pixel value.
  template <class Bits>
  using Table = std::vector<std::array<Bits, 256>>;

  Table<uint64_t> float64_;
  Table<uint32_t> float32_;
  Table<uint16_t> float16_;
  Table<uint16_t> bfloat16_;
};

}  // namespace echelon::data
