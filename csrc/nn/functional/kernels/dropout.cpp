#include "nn/functional/kernels/dropout.h"

#include <algorithm>

namespace echelon::nn::kernels {
namespace {

constexpr int kBlocks = 64;
constexpr int kWords = 4 * kBlocks;

/// The words of chunk `chunk`: philox4x32-10 (common/random.h), 64 blocks at a time.
ECHELON_INLINE void draw(uint64_t chunk, uint64_t key, uint32_t* words) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  uint32_t *a = words, *b = words + kBlocks, *c = words + 2 * kBlocks, *d = words + 3 * kBlocks;
  const uint64_t first = chunk * kBlocks;
#pragma omp simd
  for (int i = 0; i < kBlocks; ++i) {
    a[i] =
        static_cast<uint32_t>(first) + static_cast<uint32_t>(i);  // a chunk never crosses a multiple of 2³²
    b[i] = static_cast<uint32_t>(first >> 32);
    c[i] = 0;
    d[i] = 0;
  }
  auto key0 = static_cast<uint32_t>(key), key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
#pragma omp simd
    for (int i = 0; i < kBlocks; ++i) {
      const uint64_t product0 = kMultiplier0 * a[i];
      const uint64_t product1 = kMultiplier1 * c[i];
      a[i] = static_cast<uint32_t>(product1 >> 32) ^ b[i] ^ key0;
      b[i] = static_cast<uint32_t>(product1);
      c[i] = static_cast<uint32_t>(product0 >> 32) ^ d[i] ^ key1;
      d[i] = static_cast<uint32_t>(product0);
    }
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
}

template <class T>
ECHELON_INLINE void apply(const T* x, T* y, int64_t count, double rate, DrawnWords drawn) {
  using W = wide_t<T>;
  const auto threshold = static_cast<uint32_t>(rate * 0x1p32);
  const W scale = static_cast<W>(1 / (1 - rate));
  uint32_t words[kWords];
  for (int64_t done = 0; done < count;) {
    const uint64_t index = drawn.first + static_cast<uint64_t>(done);
    draw(index / kWords, drawn.key, words);
    const auto offset = static_cast<int64_t>(index % kWords);
    const int64_t n = std::min<int64_t>(kWords - offset, count - done);
    const uint32_t* own = words + offset;
    const T* from = x + done;
    T* to = y + done;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) store(to[i], own[i] >= threshold ? load(from[i]) * scale : W(0));
    done += n;
  }
}

}  // namespace

ECHELON_VECTORIZED void dropout(const double* x, double* y, int64_t count, double rate, DrawnWords words) {
  apply(x, y, count, rate, words);
}
ECHELON_VECTORIZED void dropout(const float* x, float* y, int64_t count, double rate, DrawnWords words) {
  apply(x, y, count, rate, words);
}
ECHELON_VECTORIZED void dropout(const Bf16* x, Bf16* y, int64_t count, double rate, DrawnWords words) {
  apply(x, y, count, rate, words);
}

}  // namespace echelon::nn::kernels
