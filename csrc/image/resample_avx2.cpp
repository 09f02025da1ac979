// Four rows at a time, four source pixels a step, in 16-bit products: a weight of 22 bits is split in two
// halves of 11, whose sums are put together at the end, so that the result is that of 32-bit products.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "image/resample_kernels.h"

#define ECHELON_AVX2 __attribute__((target("avx2")))

namespace echelon::image {
namespace {

constexpr int kHalfBits = kWeightBits / 2;
constexpr int64_t kGroup = 4;         // source pixels a step
constexpr int64_t kGroupWeights = 8;  // their lower halves, then their upper halves
constexpr int64_t kLoad = 16;         // bytes read a step, of which 12 are pixels
constexpr int64_t kBlock = 4;         // rows at a time
constexpr int32_t kRounding = 1 << (kWeightBits - 1);

int64_t groups_of(int64_t count) {
  return (count + kGroup - 1) / kGroup;
}

void split_weights(const NarrowRows& rows, int64_t groups, std::vector<int16_t>& split) {
  split.assign(rows.columns * groups * kGroupWeights, 0);
  for (int64_t x = 0; x < rows.columns; ++x) {
    for (int64_t tap = 0; tap < rows.count[x]; ++tap) {
      const int32_t weight = rows.weights[x * rows.taps + tap];
      int16_t* group = split.data() + (x * groups + tap / kGroup) * kGroupWeights + tap % kGroup;
      group[0] = static_cast<int16_t>(weight & ((1 << kHalfBits) - 1));
      group[kGroup] = static_cast<int16_t>(weight >> kHalfBits);
    }
  }
}

struct Block {
  const uint8_t* source[kBlock];
  uint8_t* target[kBlock];
};

/// The same two weights in every lane.
ECHELON_AVX2 inline __m256i pair(const int16_t* weights) {
  int32_t both;
  std::memcpy(&both, weights, sizeof(both));
  return _mm256_set1_epi32(both);
}

ECHELON_AVX2 inline __m256i two_rows(const uint8_t* first, const uint8_t* second) {
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(second));
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

struct Sums {
  __m256i low, high;
};

/// Bytes r g b r g b … of two rows → products of neighbouring pixels' channels, as 32-bit sums.
ECHELON_AVX2 inline void add(Sums& sums, __m256i pixels, const __m256i* weights) {
  constexpr char kZero = -1;
  const __m128i lower =
      _mm_setr_epi8(0, kZero, 3, kZero, 1, kZero, 4, kZero, 2, kZero, 5, kZero, kZero, kZero, kZero, kZero);
  const __m128i upper =
      _mm_setr_epi8(6, kZero, 9, kZero, 7, kZero, 10, kZero, 8, kZero, 11, kZero, kZero, kZero, kZero, kZero);
  const __m256i first = _mm256_shuffle_epi8(pixels, _mm256_broadcastsi128_si256(lower));
  const __m256i second = _mm256_shuffle_epi8(pixels, _mm256_broadcastsi128_si256(upper));
  sums.low = _mm256_add_epi32(sums.low, _mm256_add_epi32(_mm256_madd_epi16(first, weights[0]),
                                                         _mm256_madd_epi16(second, weights[1])));
  sums.high = _mm256_add_epi32(sums.high, _mm256_add_epi32(_mm256_madd_epi16(first, weights[2]),
                                                           _mm256_madd_epi16(second, weights[3])));
}

ECHELON_AVX2 inline __m256i rounded(const Sums& sums) {
  const __m256i whole = _mm256_add_epi32(sums.low, _mm256_slli_epi32(sums.high, kHalfBits));
  return _mm256_srli_epi32(_mm256_add_epi32(whole, _mm256_set1_epi32(kRounding)), kWeightBits);
}

/// One target pixel of each row, as four bytes of which the last is of no use.
ECHELON_AVX2 inline __attribute__((always_inline)) void narrow_block(const Block& block, int64_t offset,
                                                                     const int16_t* weights, int64_t groups,
                                                                     uint32_t* pixels) {
  Sums first{_mm256_setzero_si256(), _mm256_setzero_si256()}, second = first;
  for (int64_t group = 0; group < groups; ++group, weights += kGroupWeights, offset += 3 * kGroup) {
    const __m256i pairs[4] = {pair(weights), pair(weights + 2), pair(weights + 4), pair(weights + 6)};
    add(first, two_rows(block.source[0] + offset, block.source[1] + offset), pairs);
    add(second, two_rows(block.source[2] + offset, block.source[3] + offset), pairs);
  }
  const __m256i words = _mm256_packus_epi32(rounded(first), rounded(second));
  const __m256i bytes = _mm256_packus_epi16(words, words);
  const auto even = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm256_castsi256_si128(bytes)));
  const auto odd = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm256_extracti128_si256(bytes, 1)));
  pixels[0] = static_cast<uint32_t>(even);
  pixels[1] = static_cast<uint32_t>(odd);
  pixels[2] = static_cast<uint32_t>(even >> 32);
  pixels[3] = static_cast<uint32_t>(odd >> 32);
}

ECHELON_AVX2 void narrow_rows(const NarrowRows& rows, const Block& block, const int16_t* weights,
                              int64_t groups) {
  uint32_t pixels[kBlock];
  for (int64_t x = 0; x < rows.columns; ++x) {
    const int64_t offset = (rows.first[x] - rows.left) * 3;
    narrow_block(block, offset, weights + x * groups * kGroupWeights, groups_of(rows.count[x]), pixels);
    // The fourth byte is overwritten by the next pixel; the last pixel has none.
    const size_t size = x + 1 < rows.columns ? 4 : 3;
    if (size == 4) {
      for (int64_t i = 0; i < kBlock; ++i) std::memcpy(block.target[i] + 3 * x, &pixels[i], 4);
    } else {
      for (int64_t i = 0; i < kBlock; ++i) std::memcpy(block.target[i] + 3 * x, &pixels[i], 3);
    }
  }
}

}  // namespace

bool narrow_colour_avx2(const NarrowRows& rows, NarrowRoom& room) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  const int64_t groups = groups_of(*std::max_element(rows.count, rows.count + rows.columns));
  int64_t reach = 0;  // bytes that are read from the beginning of a row
  for (int64_t x = 0; x < rows.columns; ++x) {
    const int64_t steps = groups_of(rows.count[x]);
    reach = std::max(reach, (rows.first[x] - rows.left + kGroup * (steps - 1)) * 3 + kLoad);
  }
  // Only the last row's reading may go beyond the memory; it is read from a copy.
  if (!has_avx2 || reach > 2 * rows.source_stride || rows.rows < 2) return false;
  split_weights(rows, groups, room.weights);
  room.last_row.resize(rows.source_stride + reach);

  for (int64_t y = 0; y < rows.rows; y += kBlock) {
    Block block;
    for (int64_t i = 0; i < kBlock; ++i) {
      const int64_t row = std::min(y + i, rows.rows - 1);
      block.source[i] = rows.source + row * rows.source_stride;
      block.target[i] = rows.target + row * rows.columns * 3;
      if (block.source[i] + reach <= rows.source_end) continue;
      const int64_t left = rows.source_end - block.source[i];
      std::memcpy(room.last_row.data(), block.source[i], std::min(left, rows.source_stride));
      block.source[i] = room.last_row.data();
    }
    narrow_rows(rows, block, room.weights.data(), groups);
  }
  return true;
}

}  // namespace echelon::image
