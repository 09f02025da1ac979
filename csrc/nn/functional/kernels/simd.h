// What the vectorised kernels share (common/vectorized.h). Free of LibTorch.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "common/vectorized.h"

namespace echelon::nn::kernels {

/// The upper half of a float32.
struct Bf16 {
  uint16_t bits;
};

/// The type in which values of type T are computed.
template <class T>
struct Wide {
  using type = T;
};
template <>
struct Wide<Bf16> {
  using type = float;
};
template <class T>
using wide_t = typename Wide<T>::type;

ECHELON_INLINE double load(double value) {
  return value;
}
ECHELON_INLINE float load(float value) {
  return value;
}
ECHELON_INLINE float load(Bf16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}

ECHELON_INLINE void store(double& place, double value) {
  place = value;
}
ECHELON_INLINE void store(float& place, float value) {
  place = value;
}
ECHELON_INLINE void store(Bf16& place, float value) {  // rounds to nearest, ties to even
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  place.bits = static_cast<uint16_t>(value != value ? 0x7fc0u : rounded);
}

ECHELON_INLINE double exponential(double x) {
  return std::exp(x);
}

/// eˣ to about 1 unit in the last place (Cephes' polynomial); 0 below −87.3, e^88.3 above 88.3; not-a-number
/// stays.
ECHELON_INLINE float exponential(float x) {
  const float inside = x < -87.3f ? -87.3f : (x > 88.3f ? 88.3f : x);
  const float shifted = inside * 1.44269504f + 12582912.f;  // 1.5·2²³: rounds to an integer in the low bits
  const float n = shifted - 12582912.f;
  const float r = (inside - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.f;
  const auto exponent = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23;
  const float value = p * std::bit_cast<float>(exponent);
  return x < -87.3f ? 0.f : value;
}

}  // namespace echelon::nn::kernels
