// 8-bit pixels → planes of numbers of any type, by table or, to the same bits, by vector arithmetic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/element.h"
#include "image/image.h"
#include "image/normalise_kernels.h"
#include "image/resample.h"

namespace echelon::image {

/// Mirroring, while pixels are written.
struct Mirror {
  bool left_right = false, top_bottom = false;
};

/// (pixel / 255 - mean) / standard deviation, for each channel, as one look-up for each pixel value.
class Normalisation {
 public:
  /// One mean and deviation a channel; empty: 0 and 1.
  Normalisation(int channels, const std::vector<double>& mean, const std::vector<double>& deviation);

  /// Writes `image` to [channel, height, width] at `target`, of `type`: as real numbers the normalised
  /// values, as uint8 the pixels as they are.
  void write(const Image& image, Mirror mirror, ElementType type, void* target) const;

  /// Writes one row of an image of `size` to its planes.
  void write_row(int64_t y, const uint8_t* pixels, ImageSize size, Mirror mirror, ElementType type,
                 void* target) const;

  /// The result by channel and pixel value, [channels, 256] of `type`.
  std::span<const std::byte> table(ElementType type) const;

  int channels() const { return static_cast<int>(float32_.size()); }

 private:
  void write_colour(const uint8_t* pixels, int64_t width, bool mirrored, float* target, int64_t planes) const;

  template <class T>
  using Table = std::vector<std::array<T, 256>>;
  template <class Use>
  auto with_table(ElementType type, const Use& use) const;

  Table<uint8_t> uint8_;
  Table<double> float64_;
  Table<float> float32_;
  Table<uint16_t> float16_, bfloat16_;  ///< as bits
  std::vector<SplitLine> lines_;        ///< instead of float32_, by channel; empty where they do not do
};

/// Normalises rows as they are made.
class PlaneSink final : public RowSink {
 public:
  PlaneSink(const Normalisation& normalisation, ImageSize size, Mirror mirror, ElementType type, void* target)
      : normalisation_(normalisation), size_(size), mirror_(mirror), type_(type), target_(target) {}
  void row(int64_t y, const uint8_t* pixels) override {
    normalisation_.write_row(y, pixels, size_, mirror_, type_, target_);
  }

 private:
  const Normalisation& normalisation_;
  ImageSize size_;
  Mirror mirror_;
  ElementType type_;
  void* target_;
};

}  // namespace echelon::image
