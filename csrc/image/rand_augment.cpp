#include <array>
#include <cmath>

#include "image/adjust.h"
#include "image/augment.h"
#include "image/warp.h"

namespace echelon::image {
namespace {

constexpr std::array<std::string_view, kOperations> kNames{
    "Identity", "ShearX",   "ShearY",    "TranslateX", "TranslateY", "Rotate",       "Brightness",
    "Color",    "Contrast", "Sharpness", "Posterize",  "Solarize",   "AutoContrast", "Equalize"};

/// Number `level` of `levels` from `first` to `last`, computed from the nearer end in float32 as
/// torch.linspace does.
double evenly(float first, float last, int level, int levels) {
  if (levels == 1) return first;
  const float step = (last - first) / static_cast<float>(levels - 1);
  return level < levels / 2 ? first + step * static_cast<float>(level)
                            : last - step * static_cast<float>(levels - 1 - level);
}

double posterize_bits(int level, int levels) {
  return std::nearbyint(8.0F - static_cast<float>(level) / (static_cast<float>(levels - 1) / 4.0F));
}

/// Of the translations: 150 pixels of the 331 that the paper's images have.
float furthest(int64_t side) {
  return static_cast<float>(150.0 / 331.0 * static_cast<double>(side));
}

void warp_in_place(Image& image, const Affine& affine) {
  Image warped;
  warp(image, affine, warped);
  std::swap(image, warped);
}

}  // namespace

std::string_view operation_name(Operation operation) {
  return kNames[static_cast<size_t>(operation)];
}

bool is_signed(Operation operation) {
  return operation >= Operation::kShearX && operation <= Operation::kSharpness;
}

double operation_magnitude(Operation operation, int level, int levels, ImageSize size) {
  switch (operation) {
    case Operation::kShearX:
    case Operation::kShearY:
      return evenly(0, 0.3F, level, levels);
    case Operation::kTranslateX:
      return evenly(0, furthest(size.width), level, levels);
    case Operation::kTranslateY:
      return evenly(0, furthest(size.height), level, levels);
    case Operation::kRotate:
      return evenly(0, 30, level, levels);
    case Operation::kBrightness:
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kSharpness:
      return evenly(0, 0.9F, level, levels);
    case Operation::kPosterize:
      return posterize_bits(level, levels);
    case Operation::kSolarize:
      return evenly(1, 0, level, levels);
    default:
      return 0;
  }
}

void apply_operation(Operation operation, double magnitude, Image& image) {
  switch (operation) {
    case Operation::kIdentity:
      return;
    case Operation::kShearX:
      return warp_in_place(image, shear(magnitude, 0));
    case Operation::kShearY:
      return warp_in_place(image, shear(0, magnitude));
    case Operation::kTranslateX:
      return warp_in_place(image, translation(std::trunc(magnitude), 0));
    case Operation::kTranslateY:
      return warp_in_place(image, translation(0, std::trunc(magnitude)));
    case Operation::kRotate:
      return warp_in_place(image, rotation(magnitude, image.size()));
    case Operation::kBrightness:
      return adjust_brightness(image, 1 + magnitude);
    case Operation::kColor:
      return adjust_saturation(image, 1 + magnitude);
    case Operation::kContrast:
      return adjust_contrast(image, 1 + magnitude);
    case Operation::kSharpness:
      return adjust_sharpness(image, 1 + magnitude);
    case Operation::kPosterize:
      return posterize(image, static_cast<int>(magnitude));
    case Operation::kSolarize:
      return solarize(image, 255 * magnitude);
    case Operation::kAutoContrast:
      return autocontrast(image);
    case Operation::kEqualize:
      return equalize(image);
  }
}

void RandAugment::apply(Image& image, RandomStream& random) const {
  for (int i = 0; i < operations; ++i) {
    const auto operation = static_cast<Operation>(random.below(kOperations));
    const double size = operation_magnitude(operation, magnitude, levels, image.size());
    const bool negated = is_signed(operation) && random.uniform() < 0.5;
    apply_operation(operation, negated ? -size : size, image);
  }
}

}  // namespace echelon::image
