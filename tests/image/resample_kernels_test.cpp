#include "image/resample_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/random.h"

namespace echelon::image {
namespace {

/// Rows of noise, and for each target column some neighbouring source columns with weights that sum to 2^22.
struct Narrowing {
  Narrowing(int64_t height, int64_t source_columns, int64_t target_columns, int64_t taps,
            RandomStream& random)
      : source(static_cast<size_t>(height * source_columns * 3)),
        first(static_cast<size_t>(target_columns)),
        count(static_cast<size_t>(target_columns)),
        weights(static_cast<size_t>(target_columns * taps)) {
    for (uint8_t& byte : source) byte = static_cast<uint8_t>(random.below(4) == 0 ? 255 : random.below(256));
    for (int64_t x = 0; x < target_columns; ++x) {
      first[x] = x * (source_columns - 1) / target_columns;
      count[x] = 1 + static_cast<int64_t>(random.below(std::min(taps, source_columns - first[x])));
      if (x > 0) count[x] = std::max(count[x], first[x - 1] + count[x - 1] - first[x]);
      int32_t left = 1 << kWeightBits;
      for (int64_t tap = 0; tap < count[x]; ++tap) {
        int32_t& weight = weights[x * taps + tap];
        weight = tap + 1 == count[x] ? left : static_cast<int32_t>(random.below(left + 1));
        left -= weight;
      }
    }
    rows = {.source = source.data(),
            .source_end = source.data() + source.size(),
            .source_stride = source_columns * 3,
            .rows = height,
            .columns = target_columns,
            .left = 0,
            .first = first.data(),
            .count = count.data(),
            .weights = weights.data(),
            .taps = taps,
            .target = nullptr};
  }

  std::vector<uint8_t> source;
  std::vector<int64_t> first, count;
  std::vector<int32_t> weights;
  NarrowRows rows;
};

/// What the portable version makes and another one differ in; −1 where the other one is not for these rows.
int64_t differences(NarrowRows rows, bool (*narrow)(const NarrowRows&, NarrowRoom&)) {
  const auto size = static_cast<size_t>(rows.rows * rows.columns * 3);
  std::vector<uint8_t> expected(size), found(size + 64, 77);
  rows.target = expected.data();
  narrow_colour(rows);
  rows.target = found.data();
  NarrowRoom room;
  if (!narrow(rows, room)) return -1;
  int64_t different = 0;
  for (size_t i = 0; i < found.size(); ++i) different += found[i] != (i < size ? expected[i] : 77);
  return different;
}

// Every version that the processor has gives the same, and writes nothing beyond the target.
TEST(NarrowColour, IsTheSameWithAnyInstructions) {
  RandomStream random(3);
  int64_t avx2 = 0, avx512 = 0;
  for (int i = 0; i < 400; ++i) {
    const auto height = 1 + static_cast<int64_t>(random.below(70));
    const auto target = 1 + static_cast<int64_t>(random.below(60));
    const auto source = 1 + static_cast<int64_t>(random.below(3 * target + 8));
    const Narrowing narrowing(height, source, target, 1 + static_cast<int64_t>(random.below(12)), random);
    const int64_t by_avx2 = differences(narrowing.rows, narrow_colour_avx2);
    const int64_t by_avx512 = differences(narrowing.rows, narrow_colour_avx512);
    ASSERT_LE(by_avx2, 0) << i;
    ASSERT_LE(by_avx512, 0) << i;
    avx2 += by_avx2 == 0;
    avx512 += by_avx512 == 0;
  }
#ifdef __x86_64__
  EXPECT_EQ(avx2 > 100, __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(avx512 > 100,
            __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512vnni") != 0);
#else
  EXPECT_EQ(avx2 + avx512, 0);
#endif
}

}  // namespace
}  // namespace echelon::image
