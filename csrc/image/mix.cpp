#include "image/mix.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/error.h"

// Compiled without contraction to fused multiply-adds, which would round other than torch does.

namespace echelon::image {
namespace {

/// The logarithm of a number from Gamma(alpha, 1), after Marsaglia and Tsang, "A Simple Method for Generating
/// Gamma Variables" (2000). In logarithms, because small alphas give numbers that no type holds.
double draw_log_gamma(double alpha, RandomStream& random) {
  const bool raised = alpha < 1;
  const double d = (raised ? alpha + 1 : alpha) - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal(), u = 1 - random.uniform();
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0 || std::log(u) >= 0.5 * x * x + d - d * v + d * std::log(v)) continue;
    const double boost = raised ? std::log(1 - random.uniform()) / alpha : 0;
    return std::log(d * v) + boost;
  }
}

BatchMix draw_cutmix(double alpha, ImageSize size, RandomStream& random) {
  const double share = draw_beta(alpha, random);
  const auto x = static_cast<int64_t>(random.below(size.width));
  const auto y = static_cast<int64_t>(random.below(size.height));
  const double half = 0.5 * std::sqrt(1 - share);
  const auto across = static_cast<int64_t>(half * static_cast<double>(size.width));
  const auto down = static_cast<int64_t>(half * static_cast<double>(size.height));
  const int64_t left = std::max<int64_t>(x - across, 0), right = std::min(x + across, size.width);
  const int64_t top = std::max<int64_t>(y - down, 0), bottom = std::min(y + down, size.height);
  const auto cut = static_cast<double>((right - left) * (bottom - top));
  return {BatchMix::Kind::kCutmix,
          1 - cut / static_cast<double>(size.width * size.height),
          {left, top, right - left, bottom - top}};
}

template <class T>
void mix_real(double weight, int64_t count, T* own, const T* partner) {
  const auto mine = static_cast<T>(weight), others = static_cast<T>(1 - weight);
  for (int64_t i = 0; i < count; ++i) own[i] = partner[i] * others + own[i] * mine;
}

template <class Load, class Store>
void mix_half(double weight, int64_t count, uint16_t* own, const uint16_t* partner, Load load, Store store) {
  const auto mine = static_cast<float>(weight), others = static_cast<float>(1 - weight);
  for (int64_t i = 0; i < count; ++i) own[i] = store(load(partner[i]) * others + load(own[i]) * mine);
}

void mix_all(double weight, int64_t count, ElementType type, void* own, const void* partner) {
  switch (type) {
    case ElementType::kFloat64:
      return mix_real(weight, count, static_cast<double*>(own), static_cast<const double*>(partner));
    case ElementType::kFloat32:
      return mix_real(weight, count, static_cast<float*>(own), static_cast<const float*>(partner));
    case ElementType::kFloat16:
      return mix_half(weight, count, static_cast<uint16_t*>(own), static_cast<const uint16_t*>(partner),
                      float16_value, float16_bits);
    case ElementType::kBfloat16:
      return mix_half(weight, count, static_cast<uint16_t*>(own), static_cast<const uint16_t*>(partner),
                      bfloat16_value, bfloat16_bits);
    case ElementType::kUint8:
      throw InternalError("pixels of 8 bits cannot be mixed: they are not normalised yet");
  }
}

void cut(const PixelBox& box, int channels, ImageSize size, size_t element, void* own, const void* partner) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int64_t y = box.top; y < box.top + box.height; ++y) {
      const size_t place = ((channel * size.height + y) * size.width + box.left) * element;
      std::memcpy(static_cast<char*>(own) + place, static_cast<const char*>(partner) + place,
                  box.width * element);
    }
  }
}

}  // namespace

double draw_beta(double alpha, RandomStream& random) {
  const double first = draw_log_gamma(alpha, random), second = draw_log_gamma(alpha, random);
  return 1 / (1 + std::exp(second - first));
}

RandomStream mix_stream(uint64_t seed, uint64_t step) {
  return RandomStream(derive_key(derive_key(seed, "mix"), step));
}

BatchMix draw_mix(const MixOptions& options, ImageSize size, RandomStream& random) {
  const bool both = options.mixup_alpha > 0 && options.cutmix_alpha > 0;
  const bool cuts = both ? random.uniform() < 0.5 : options.cutmix_alpha > 0;
  if (cuts) return draw_cutmix(options.cutmix_alpha, size, random);
  if (options.mixup_alpha > 0) return {BatchMix::Kind::kMixup, draw_beta(options.mixup_alpha, random), {}};
  return {};
}

int64_t mix_partner(int64_t place, int64_t samples) {
  return (place + samples - 1) % samples;
}

void mix_planes(const BatchMix& mix, int channels, ImageSize size, ElementType type, void* planes,
                const void* partner) {
  if (mix.kind == BatchMix::Kind::kMixup)
    mix_all(mix.weight, channels * size.height * size.width, type, planes, partner);
  if (mix.kind == BatchMix::Kind::kCutmix) cut(mix.box, channels, size, element_size(type), planes, partner);
}

void mix_target(const BatchMix& mix, int64_t label, int64_t partner_label, std::span<float> probabilities) {
  std::fill(probabilities.begin(), probabilities.end(), 0.0F);
  probabilities[label] += static_cast<float>(mix.weight);
  probabilities[partner_label] += static_cast<float>(1 - mix.weight);
}

}  // namespace echelon::image
