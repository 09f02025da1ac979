// Sixteen channels of target pixels at a time, for all rows: a look-up of bytes gathers the two source pixels
// of each into the halves of a lane, for the products of resample_avx2.cpp.
#include <immintrin.h>

#include <algorithm>

#include "image/resample_kernels.h"

#define ECHELON_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")))

namespace echelon::image {
namespace {

constexpr int kHalfBits = kWeightBits / 2;
constexpr int64_t kLanes = 16;       // channels of target pixels in a block
constexpr int64_t kWindow = 64;      // source bytes that a block may need
constexpr int64_t kMostPairs = 4;    // of source pixels, of a target pixel
constexpr int64_t kRowsAtOnce = 32;  // whose source stays in the cache from block to block
constexpr int32_t kRounding = 1 << (kWeightBits - 1);

using Numbers = uint32_t __attribute__((vector_size(64)));

/// Of a block: where its window starts in a row and how long it is; its lanes.
struct Block {
  int64_t start, bytes;
  int64_t first, lanes;
};

/// Lanes as NarrowRoom holds them, for each pair: 64 places of bytes in the window, of which every other one
/// is of use; 32 lower, then 32 upper halves of weights.
struct Lanes {
  uint8_t* places;
  int16_t* weights;

  void set(int64_t pair, int64_t lane, int64_t side, int64_t place, int32_t weight) const {
    places[pair * 64 + lane * 4 + side * 2] = static_cast<uint8_t>(place);
    int16_t* half = weights + pair * 64 + lane * 2 + side;
    half[0] = static_cast<int16_t>(weight & ((1 << kHalfBits) - 1));
    half[32] = static_cast<int16_t>(weight >> kHalfBits);
  }
};

Block block_of(const NarrowRows& rows, int64_t first) {
  const int64_t lanes = std::min(kLanes, rows.columns * 3 - first);
  const int64_t last = (first + lanes - 1) / 3;
  Block block{.start = (rows.first[first / 3] - rows.left) * 3, .bytes = 0, .first = first, .lanes = lanes};
  block.bytes = (rows.first[last] - rows.left + rows.count[last]) * 3 - block.start;
  return block;
}

void fill(const NarrowRows& rows, const Block& block, const Lanes& lanes) {
  for (int64_t lane = 0; lane < block.lanes; ++lane) {
    const int64_t x = (block.first + lane) / 3, channel = (block.first + lane) % 3;
    const int64_t place = (rows.first[x] - rows.left) * 3 + channel - block.start;
    for (int64_t tap = 0; tap < rows.count[x]; ++tap)
      lanes.set(tap / 2, lane, tap % 2, place + 3 * tap, rows.weights[x * rows.taps + tap]);
  }
}

template <int kPairs>
ECHELON_AVX512 void narrow_block(const NarrowRows& rows, const Block& block, const Lanes& lanes, int64_t top,
                                 int64_t bottom) {
  constexpr __mmask64 kLowerBytes = 0x5555555555555555;
  const __mmask64 window = ~__mmask64{0} >> (kWindow - block.bytes);
  const auto stored = static_cast<__mmask16>(0xffff >> (kLanes - block.lanes));
  __m512i places[kPairs], lower[kPairs], upper[kPairs];
  for (int i = 0; i < kPairs; ++i) {
    places[i] = _mm512_loadu_si512(lanes.places + 64 * i);
    lower[i] = _mm512_loadu_si512(lanes.weights + 64 * i);
    upper[i] = _mm512_loadu_si512(lanes.weights + 64 * i + 32);
  }
  for (int64_t y = top; y < bottom; ++y) {
    const __m512i source =
        _mm512_maskz_loadu_epi8(window, rows.source + y * rows.source_stride + block.start);
    __m512i low = _mm512_set1_epi32(kRounding), high = _mm512_setzero_si512();
    for (int i = 0; i < kPairs; ++i) {
      const __m512i pixels = _mm512_maskz_permutexvar_epi8(kLowerBytes, places[i], source);
      low = _mm512_dpwssd_epi32(low, pixels, lower[i]);
      high = _mm512_dpwssd_epi32(high, pixels, upper[i]);
    }
    const Numbers whole = Numbers(low) + (Numbers(high) << kHalfBits);
    const __m128i bytes = _mm512_maskz_cvtusepi32_epi8(stored, __m512i(whole >> kWeightBits));
    _mm_mask_storeu_epi8(rows.target + y * rows.columns * 3 + block.first, stored, bytes);
  }
}

using NarrowBlock = void (*)(const NarrowRows&, const Block&, const Lanes&, int64_t, int64_t);
constexpr NarrowBlock kNarrowBlock[kMostPairs] = {narrow_block<1>, narrow_block<2>, narrow_block<3>,
                                                  narrow_block<4>};

bool is_supported() {
  static const bool supported = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                                __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni");
  return supported;
}

}  // namespace

bool narrow_colour_avx512(const NarrowRows& rows, NarrowRoom& room) {
  const int64_t pairs = (*std::max_element(rows.count, rows.count + rows.columns) + 1) / 2;
  if (!is_supported() || pairs > kMostPairs) return false;
  const int64_t blocks = (rows.columns * 3 + kLanes - 1) / kLanes;
  for (int64_t b = 0; b < blocks; ++b) {
    if (block_of(rows, b * kLanes).bytes > kWindow) return false;
  }
  room.places.assign(blocks * pairs * 64, 0);
  room.weights.assign(blocks * pairs * 64, 0);
  const auto lanes_of = [&](int64_t b) {
    return Lanes{room.places.data() + b * pairs * 64, room.weights.data() + b * pairs * 64};
  };
  for (int64_t b = 0; b < blocks; ++b) fill(rows, block_of(rows, b * kLanes), lanes_of(b));
  for (int64_t top = 0; top < rows.rows; top += kRowsAtOnce) {
    const int64_t bottom = std::min(top + kRowsAtOnce, rows.rows);
    for (int64_t b = 0; b < blocks; ++b)
      kNarrowBlock[pairs - 1](rows, block_of(rows, b * kLanes), lanes_of(b), top, bottom);
  }
  return true;
}

}  // namespace echelon::image
