#include "image/normalise.h"

namespace echelon::image {
namespace {

template <class T>
struct Row {
  const uint8_t* pixels;
  int64_t width;
  bool mirrored;
  T* target;       ///< of the first channel
  int64_t planes;  ///< elements from plane to plane
};

template <class T>
void write_channels(const Row<T>& row, const std::vector<std::array<T, 256>>& tables) {
  const auto channels = static_cast<int64_t>(tables.size());
  const int64_t step = row.mirrored ? -channels : channels;
  for (int64_t channel = 0; channel < channels; ++channel) {
    const T* table = tables[channel].data();
    const uint8_t* pixel = row.pixels + channel + (row.mirrored ? (row.width - 1) * channels : 0);
    T* target = row.target + channel * row.planes;
    for (int64_t x = 0; x < row.width; ++x) target[x] = table[pixel[x * step]];
  }
}

}  // namespace

Normalisation::Normalisation(int channels, const std::vector<double>& mean,
                             const std::vector<double>& deviation)
    : uint8_(channels), float64_(channels), float32_(channels), float16_(channels), bfloat16_(channels) {
  for (int channel = 0; channel < channels; ++channel) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      const double centred = pixel / 255.0 - (mean.empty() ? 0.0 : mean[channel]);
      const double value = centred / (deviation.empty() ? 1.0 : deviation[channel]);
      const auto single = static_cast<float>(value);
      uint8_[channel][pixel] = static_cast<uint8_t>(pixel);
      float64_[channel][pixel] = value;
      float32_[channel][pixel] = single;
      float16_[channel][pixel] = float16_bits(single);
      bfloat16_[channel][pixel] = bfloat16_bits(single);
    }
    const double scale = 255.0 * (deviation.empty() ? 1.0 : deviation[channel]);
    const double offset = mean.empty() ? 0.0 : -255.0 * mean[channel] / scale;
    if (const auto line = split_line(1 / scale, offset, float32_[channel])) lines_.push_back(*line);
  }
  if (channels != 3 || lines_.size() != 3) lines_.clear();
}

void Normalisation::write_colour(const uint8_t* pixels, int64_t width, bool mirrored, float* target,
                                 int64_t planes) const {
  thread_local std::vector<uint8_t> room;
  room.resize(3 * width);
  normalise_colour({pixels, width, mirrored, {target, target + planes, target + 2 * planes}}, lines_.data(),
                   room.data());
}

template <class Use>
auto Normalisation::with_table(ElementType type, const Use& use) const {
  switch (type) {
    case ElementType::kUint8:
      return use(uint8_);
    case ElementType::kFloat16:
      return use(float16_);
    case ElementType::kBfloat16:
      return use(bfloat16_);
    case ElementType::kFloat32:
      return use(float32_);
    case ElementType::kFloat64:
      break;
  }
  return use(float64_);
}

void Normalisation::write_row(int64_t y, const uint8_t* pixels, ImageSize size, Mirror mirror,
                              ElementType type, void* target) const {
  const int64_t row = mirror.top_bottom ? size.height - 1 - y : y, planes = size.height * size.width;
  if (type == ElementType::kFloat32 && !lines_.empty())
    return write_colour(pixels, size.width, mirror.left_right, static_cast<float*>(target) + row * size.width,
                        planes);
  with_table(type, [&]<class T>(const Table<T>& tables) {
    write_channels<T>(
        {pixels, size.width, mirror.left_right, static_cast<T*>(target) + row * size.width, planes}, tables);
  });
}

std::span<const std::byte> Normalisation::table(ElementType type) const {
  return with_table(type, []<class T>(const Table<T>& tables) { return std::as_bytes(std::span(tables)); });
}

void Normalisation::write(const Image& image, Mirror mirror, ElementType type, void* target) const {
  for (int64_t y = 0; y < image.height; ++y) write_row(y, image.row(y), image.size(), mirror, type, target);
}

}  // namespace echelon::image
