#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "image/augment.h"

namespace echelon::image {
namespace {

void store(ElementType type, void* planes, int64_t place, double value) {
  switch (type) {
    case ElementType::kUint8:
      static_cast<uint8_t*>(planes)[place] = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
      return;
    case ElementType::kFloat16:
      static_cast<uint16_t*>(planes)[place] = float16_bits(static_cast<float>(value));
      return;
    case ElementType::kBfloat16:
      static_cast<uint16_t*>(planes)[place] = bfloat16_bits(static_cast<float>(value));
      return;
    case ElementType::kFloat32:
      static_cast<float*>(planes)[place] = static_cast<float>(value);
      return;
    case ElementType::kFloat64:
      static_cast<double*>(planes)[place] = value;
      return;
  }
}

}  // namespace

std::optional<PixelBox> RandomErasing::draw(ImageSize size, RandomStream& random) const {
  if (random.uniform() >= probability) return std::nullopt;
  const auto whole = static_cast<double>(size.height * size.width);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = whole * random.uniform(area.low, area.high);
    const double shape = std::exp(random.uniform(std::log(ratio.low), std::log(ratio.high)));
    const int64_t height = std::llrint(std::sqrt(target * shape));
    const int64_t width = std::llrint(std::sqrt(target / shape));
    if (height >= size.height || width >= size.width) continue;
    const auto top = static_cast<int64_t>(random.below(size.height - height + 1));
    const auto left = static_cast<int64_t>(random.below(size.width - width + 1));
    return PixelBox{left, top, width, height};
  }
  return std::nullopt;
}

void RandomErasing::erase(const PixelBox& box, int channels, ImageSize size, ElementType type, void* planes,
                          RandomStream& random) const {
  if (value.size() > 1 && value.size() != static_cast<size_t>(channels))
    throw InternalError("erasing with as many values as neither one nor the channels");
  for (int channel = 0; channel < channels; ++channel) {
    for (int64_t y = box.top; y < box.top + box.height; ++y) {
      for (int64_t x = box.left; x < box.left + box.width; ++x) {
        const double filling = value.empty()       ? random.normal()
                               : value.size() == 1 ? value[0]
                                                   : value[channel];
        store(type, planes, (channel * size.height + y) * size.width + x, filling);
      }
    }
  }
}

}  // namespace echelon::image
