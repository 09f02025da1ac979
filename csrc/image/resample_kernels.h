// The inner loops of resizing, in versions for several kinds of processor. Weights have kWeightBits
// fractional bits; sums are rounded to the nearest and clamped to 8 bits.
#pragma once

#include <cstdint>
#include <vector>

#include "image/filter.h"

namespace echelon::image {

/// Rows that are resized across.
struct NarrowRows {
  const uint8_t* source;      ///< the first row, from column `left` on
  const uint8_t* source_end;  ///< memory behind the last row
  int64_t source_stride;      ///< bytes from row to row
  int64_t rows, columns;      ///< of the target
  int64_t left;
  const int64_t* first;    ///< [columns] first source column of each target column
  const int64_t* count;    ///< [columns] number of source columns
  const int32_t* weights;  ///< [columns, taps]
  int64_t taps;
  uint8_t* target;  ///< [rows, columns, channels]
};

void narrow_grey(const NarrowRows& rows);    ///< one channel
void narrow_colour(const NarrowRows& rows);  ///< three channels

/// narrow_colour with the processor's own instructions, where there is such a version (resample_x86.cpp):
/// the same result to the bit. False, and nothing done, where this processor or these rows are not for it.
/// `room` keeps its buffers.
struct NarrowRoom {
  std::vector<int16_t> weights;
  std::vector<uint8_t> places;
  std::vector<uint8_t> last_row;
};
bool narrow_colour_fast(const NarrowRows& rows, NarrowRoom& room);

/// The versions that it chooses from.
bool narrow_colour_avx512(const NarrowRows& rows, NarrowRoom& room);
bool narrow_colour_avx2(const NarrowRows& rows, NarrowRoom& room);

/// target[x] = Σ weights[i] · rows[i][x] for x < width. `sums`: room for `width` numbers.
void weighted_sum(const uint8_t* const* rows, const int32_t* weights, int64_t count, int64_t width,
                  int32_t* sums, uint8_t* target);

}  // namespace echelon::image
