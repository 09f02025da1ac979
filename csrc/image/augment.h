// Random changes to one image, each after its definition in torchvision.transforms.v2 on Pillow images. What
// is drawn is a function of the RandomStream alone; the distributions are torchvision's, the numbers are not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/random.h"
#include "image/element.h"
#include "image/geometry.h"
#include "image/image.h"

namespace echelon::image {

/// A number drawn evenly from [low, high].
struct Interval {
  double low = 0, high = 0;
};

/// ColorJitter: factors of brightness, contrast and saturation and a turn of hue are drawn and applied in a
/// random order. What has no interval is left alone.
struct ColorJitter {
  std::optional<Interval> brightness{}, contrast{}, saturation{}, hue{};
  double probability = 1;  ///< of each image to be changed (torchvision's RandomApply)

  /// As torchvision's single numbers: factors in [max(0, 1 - x), 1 + x], hue in [-x, x]; 0: left alone.
  static ColorJitter from_strengths(double brightness, double contrast, double saturation, double hue);
  void apply(Image& image, RandomStream& random) const;
};

/// The fourteen operations of RandAugment (Cubuk et al., arXiv 1909.13719), in torchvision's order.
enum class Operation {
  kIdentity,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
  kBrightness,
  kColor,
  kContrast,
  kSharpness,
  kPosterize,
  kSolarize,
  kAutoContrast,
  kEqualize,
};
constexpr int kOperations = 14;

/// What torchvision calls the operation: "ShearX".
std::string_view operation_name(Operation operation);

/// What torchvision's table holds for an operation at `level` of `levels`: a tangent, pixels, degrees, a
/// factor less 1, bits, or a share of 255; 0 where there is nothing to choose.
double operation_magnitude(Operation operation, int level, int levels, ImageSize size);

/// Whether the magnitude is negated half of the time.
bool is_signed(Operation operation);

void apply_operation(Operation operation, double magnitude, Image& image);

/// `operations` of the fourteen, one after the other, each drawn evenly.
struct RandAugment {
  int operations = 2, magnitude = 9, levels = 31;
  void apply(Image& image, RandomStream& random) const;
};

/// RandomErasing (Zhong et al., arXiv 1708.04896), on normalised planes.
struct RandomErasing {
  double probability = 0.5;
  Interval area{0.02, 0.33};     ///< share of the image
  Interval ratio{0.3, 3.3};      ///< height by width
  std::vector<double> value{0};  ///< one, or one a channel; empty: normal noise of mean 0 and variance 1

  /// The rectangle, or none: ten draws that are all too large leave the image alone.
  std::optional<PixelBox> draw(ImageSize size, RandomStream& random) const;
  /// Fills `box` of [channels, height, width] of `type`.
  void erase(const PixelBox& box, int channels, ImageSize size, ElementType type, void* planes,
             RandomStream& random) const;
};

/// All of it, in the order in which it is applied.
struct Augmentation {
  enum class Crop { kNone, kRandomResized, kShift };
  Crop crop = Crop::kNone;
  ScaleRange range{};
  int64_t shift = 0;
  double flip = 0, flip_vertical = 0;  ///< probabilities
  std::optional<ColorJitter> jitter{};
  double grayscale = 0;  ///< probability
  std::optional<RandAugment> rand_augment{};
  std::optional<RandomErasing> erasing{};

  /// The crop and the flips.
  Geometry choose(ImageSize source, int64_t resize, int64_t size, RandomStream& random) const;
  /// Whether there is anything between crop and normalisation.
  bool changes_pixels() const { return jitter || grayscale > 0 || rand_augment; }
  void change_pixels(Image& image, RandomStream& random) const;
};

}  // namespace echelon::image
