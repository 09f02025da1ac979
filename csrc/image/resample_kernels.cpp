#include "image/resample_kernels.h"

#include <cstring>

#include "common/vectorized.h"

namespace echelon::image {
namespace {

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

using Byte4 = uint8_t __attribute__((vector_size(4)));
using Int4 = int32_t __attribute__((vector_size(16)));

ECHELON_INLINE uint8_t to_pixel(int32_t sum) {
  const int32_t value = sum >> kWeightBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

ECHELON_INLINE void narrow_pixel(const uint8_t* pixel, int channels, const int32_t* weight, int64_t count,
                                 uint8_t* target) {
  for (int c = 0; c < channels; ++c) {
    int32_t sum = kHalf;
    for (int64_t tap = 0; tap < count; ++tap) sum += pixel[tap * channels + c] * weight[tap];
    target[c] = to_pixel(sum);
  }
}

/// One pixel of three channels as four lanes, the last of which is of no use.
ECHELON_INLINE Int4 load_pixel(const uint8_t* pixel) {
  Byte4 bytes;
  std::memcpy(&bytes, pixel, sizeof(bytes));
  return __builtin_convertvector(bytes, Int4);
}

ECHELON_INLINE void narrow_colour_pixel(const uint8_t* pixel, const int32_t* weight, int64_t count,
                                        uint8_t* target) {
  Int4 sum = {kHalf, kHalf, kHalf, kHalf};
  for (int64_t tap = 0; tap < count; ++tap) sum += load_pixel(pixel + 3 * tap) * weight[tap];
  sum >>= kWeightBits;
  for (int c = 0; c < 3; ++c) target[c] = static_cast<uint8_t>(sum[c] < 0 ? 0 : sum[c] > 255 ? 255 : sum[c]);
}

/// Up to four more rows are added to the sums, which begin with kHalf and end as pixels.
template <int kRows, bool kFirst, bool kLast>
ECHELON_INLINE void add_rows(const uint8_t* const* rows, const int32_t* weights, int64_t width, int32_t* sums,
                             uint8_t* target) {
  const uint8_t* const row0 = rows[0];
  const uint8_t* const row1 = rows[kRows > 1 ? 1 : 0];
  const uint8_t* const row2 = rows[kRows > 2 ? 2 : 0];
  const uint8_t* const row3 = rows[kRows > 3 ? 3 : 0];
  const int32_t weight0 = weights[0], weight1 = kRows > 1 ? weights[1] : 0;
  const int32_t weight2 = kRows > 2 ? weights[2] : 0, weight3 = kRows > 3 ? weights[3] : 0;
#pragma omp simd
  for (int64_t x = 0; x < width; ++x) {
    int32_t sum = kFirst ? kHalf : sums[x];
    sum += row0[x] * weight0;
    if (kRows > 1) sum += row1[x] * weight1;
    if (kRows > 2) sum += row2[x] * weight2;
    if (kRows > 3) sum += row3[x] * weight3;
    if (kLast) {
      target[x] = to_pixel(sum);
    } else {
      sums[x] = sum;
    }
  }
}

template <bool kFirst>
ECHELON_INLINE void add_last_rows(const uint8_t* const* rows, const int32_t* weights, int64_t count,
                                  int64_t width, int32_t* sums, uint8_t* target) {
  switch (count) {
    case 1:
      return add_rows<1, kFirst, true>(rows, weights, width, sums, target);
    case 2:
      return add_rows<2, kFirst, true>(rows, weights, width, sums, target);
    case 3:
      return add_rows<3, kFirst, true>(rows, weights, width, sums, target);
    default:
      return add_rows<4, kFirst, true>(rows, weights, width, sums, target);
  }
}

}  // namespace

ECHELON_VECTORIZED void narrow_grey(const NarrowRows& rows) {
  for (int64_t y = 0; y < rows.rows; ++y) {
    const uint8_t* source = rows.source + y * rows.source_stride;
    uint8_t* target = rows.target + y * rows.columns;
    for (int64_t x = 0; x < rows.columns; ++x)
      narrow_pixel(source + rows.first[x] - rows.left, 1, rows.weights + x * rows.taps, rows.count[x],
                   target + x);
  }
}

ECHELON_VECTORIZED void narrow_colour(const NarrowRows& rows) {
  for (int64_t y = 0; y < rows.rows; ++y) {
    const uint8_t* source = rows.source + y * rows.source_stride;
    uint8_t* target = rows.target + y * rows.columns * 3;
    for (int64_t x = 0; x < rows.columns; ++x) {
      const uint8_t* pixel = source + (rows.first[x] - rows.left) * 3;
      const int32_t* weight = rows.weights + x * rows.taps;
      const int64_t count = rows.count[x];
      if (pixel + count * 3 < rows.source_end) {  // one byte more than the pixels is read
        narrow_colour_pixel(pixel, weight, count, target + x * 3);
      } else {
        narrow_pixel(pixel, 3, weight, count, target + x * 3);
      }
    }
  }
}

ECHELON_VECTORIZED void weighted_sum(const uint8_t* const* rows, const int32_t* weights, int64_t count,
                                     int64_t width, int32_t* sums, uint8_t* target) {
  if (count <= 4) return add_last_rows<true>(rows, weights, count, width, sums, target);
  add_rows<4, true, false>(rows, weights, width, sums, target);
  int64_t done = 4;
  for (; count - done > 4; done += 4)
    add_rows<4, false, false>(rows + done, weights + done, width, sums, target);
  add_last_rows<false>(rows + done, weights + done, count - done, width, sums, target);
}

}  // namespace echelon::image
