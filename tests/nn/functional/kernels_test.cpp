#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/functional/convert.h"
#include "nn/functional/kernels/pack.h"
#include "nn/functional/parallel.h"
#include "nn/functional/rows.h"

namespace echelon::nn {
namespace {

TEST(Exponential, IsGoodToTwoUnitsInTheLastPlace) {
  for (float x = -87; x < 88; x += 0.0137f) {
    const double expected = std::exp(static_cast<double>(x));
    EXPECT_NEAR(kernels::exponential(x), expected, 2.4e-7 * expected) << x;
  }
}

TEST(Exponential, Extremes) {
  EXPECT_EQ(kernels::exponential(-std::numeric_limits<float>::infinity()), 0);
  EXPECT_EQ(kernels::exponential(0.f), 1);
  EXPECT_GT(kernels::exponential(1000.f), 1e38f);
  EXPECT_TRUE(std::isnan(kernels::exponential(NAN)));
}

TEST(Convert, RoundsAsLibTorch) {
  const at::Tensor x = at::cat({at::randn({10'002}), at::randn({999}) * 1e-30, at::randn({999}) * 1e30,
                                at::tensor({0.0, -0.0, INFINITY, -INFINITY, 3.4e38}, at::kFloat)});
  EXPECT_TRUE(at::equal(convert(x, at::kBFloat16), x.to(at::kBFloat16)));
  EXPECT_TRUE(at::equal(convert(x.to(at::kBFloat16), at::kFloat), x.to(at::kBFloat16).to(at::kFloat)));
  EXPECT_TRUE(convert(at::full({3}, NAN), at::kBFloat16).isnan().all().item<bool>());
  EXPECT_TRUE(at::equal(convert(x.view({5, -1}).t().slice(0, 0, 50), at::kBFloat16),
                        x.view({5, -1}).t().slice(0, 0, 50).to(at::kBFloat16)));
  EXPECT_TRUE(convert(x, at::kFloat).is_same(x));
}

TEST(Pack, InterleavesPairsOfRows) {
  std::vector<kernels::Bf16> from(3 * 4), to(4 * 4);
  for (uint16_t i = 0; i < from.size(); ++i) from[i].bits = i;
  const auto bits = [](const std::vector<kernels::Bf16>& values) {
    std::vector<int> result;
    for (const auto value : values) result.push_back(value.bits);
    return result;
  };
  kernels::interleave_rows(from.data(), 4, 3, 4, to.data());
  EXPECT_EQ(bits(to), (std::vector<int>{0, 4, 1, 5, 2, 6, 3, 7, 8, 0, 9, 0, 10, 0, 11, 0}));
  to.resize(12);
  kernels::interleave_columns(from.data(), 4, 3, 4, to.data());
  EXPECT_EQ(bits(to), (std::vector<int>{0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11}));
}

TEST(Pack, Transposes) {
  const at::Tensor from = at::randn({37, 6});
  at::Tensor to = at::zeros({6, 40});
  kernels::transpose(from.const_data_ptr<float>(), 6, 37, 6, to.mutable_data_ptr<float>(), 40);
  EXPECT_TRUE(at::equal(to.narrow(1, 0, 37), from.t()));
}

TEST(ColumnSum, AddsRows) {
  const at::Tensor rows = at::randn({130, 7});
  EXPECT_TRUE(at::allclose(column_sum(rows), rows.sum(0), 1e-5, 1e-5));
  EXPECT_TRUE(at::allclose(column_sum(rows.to(at::kBFloat16)), rows.to(at::kBFloat16).to(at::kFloat).sum(0),
                           1e-5, 1e-5));
}

TEST(ParallelFor, CoversEveryItemOnce) {
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    for (const int64_t count : {0, 1, 7, 100'000}) {
      std::vector<std::atomic<int>> visits(count);
      parallel_for(count, 10, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++visits[i];
      });
      for (const auto& visit : visits) EXPECT_EQ(visit, 1);
    }
  }
  at::set_num_threads(1);
}

}  // namespace
}  // namespace echelon::nn
