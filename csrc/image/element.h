// The types of numbers that pixels become.
#pragma once

#include <cstddef>
#include <cstdint>

namespace echelon::image {

enum class ElementType { kUint8, kFloat16, kBfloat16, kFloat32, kFloat64 };

/// In bytes.
size_t element_size(ElementType type);

/// The bits of `value` rounded to the nearest float16 (IEEE 754 binary16) or bfloat16, ties to even.
uint16_t float16_bits(float value);
uint16_t bfloat16_bits(float value);

/// And back, exactly.
float float16_value(uint16_t bits);
float bfloat16_value(uint16_t bits);

}  // namespace echelon::image
