#include "data/image/normalise.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <bit>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

template <class Bits>
void write_planes(const Image& image, bool flip, const std::vector<std::array<Bits, 256>>& table,
                  void* target) {
  auto* out = static_cast<Bits*>(target);
  const int64_t step = flip ? -image.channels : image.channels;
  for (int channel = 0; channel < image.channels; ++channel) {
    const auto& values = table[channel];
    for (int64_t y = 0; y < image.height; ++y) {
      const uint8_t* pixel = image.row(y) + channel + (flip ? (image.width - 1) * image.channels : 0);
      for (int64_t x = 0; x < image.width; ++x) *out++ = values[pixel[x * step]];
    }
  }
}

}  // namespace

Normalisation::Normalisation(int channels, const std::vector<double>& mean,
                             const std::vector<double>& deviation)
    : float64_(channels), float32_(channels), float16_(channels), bfloat16_(channels) {
  for (int channel = 0; channel < channels; ++channel) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      const double centred = pixel / 255.0 - (mean.empty() ? 0.0 : mean[channel]);
      const double value = centred / (deviation.empty() ? 1.0 : deviation[channel]);
      const auto single = static_cast<float>(value);
      float64_[channel][pixel] = std::bit_cast<uint64_t>(value);
      float32_[channel][pixel] = std::bit_cast<uint32_t>(single);
      float16_[channel][pixel] = c10::Half(single).x;
      bfloat16_[channel][pixel] = c10::BFloat16(single).x;
    }
  }
}

void Normalisation::write(const Image& image, bool flip, at::ScalarType type, void* target) const {
  switch (type) {
    case at::kDouble:
      return write_planes(image, flip, float64_, target);
    case at::kFloat:
      return write_planes(image, flip, float32_, target);
    case at::kHalf:
      return write_planes(image, flip, float16_, target);
    case at::kBFloat16:
      return write_planes(image, flip, bfloat16_, target);
    default:
      throw InternalError(str_format("images of type {}", c10::toString(type)));
  }
}

}  // namespace echelon::data
