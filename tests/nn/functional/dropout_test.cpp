#include "nn/functional/dropout.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "common/random.h"
#include "nn/functional/attention.h"

namespace echelon::nn {
namespace {

constexpr RandomSource kRandom{.key = 0x0123456789abcdef, .first_sample = 0};

/// Whether the value at `index` is kept, by the definition in kernels/dropout.h.
bool kept(uint64_t index, uint64_t key, double rate) {
  const uint64_t block = index / 256 * 64 + index % 64;
  const auto words = philox({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                            {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
  return words[index / 64 % 4] >= rate * 0x1p32;
}

/// Rows [first, last) of a batch, as a rank or micro-batch of its own computes them.
template <class F>
at::Tensor part(const at::Tensor& batch, int64_t first, int64_t last, const F& f) {
  return f(batch.slice(0, first, last), RandomSource{kRandom.key, first});
}

TEST(Dropout, FollowsItsDefinition) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    for (const int64_t first_sample : {int64_t{0}, int64_t{5}, int64_t{1} << 30}) {
      const at::Tensor x = at::ones({7, 3, 41}, type);
      const at::Tensor y = dropout(x, 0.25, {kRandom.key, first_sample}).to(at::kDouble).flatten();
      const at::Tensor scaled = at::scalar_tensor(1 / 0.75, type).to(at::kDouble);
      for (int64_t i = 0; i < y.numel(); ++i) {
        const bool keep = kept(static_cast<uint64_t>(first_sample * 3 * 41 + i), kRandom.key, 0.25);
        ASSERT_EQ(y[i].item<double>(), keep ? scaled.item<double>() : 0) << type << ", value " << i;
      }
    }
  }
}

TEST(Dropout, DoesNotDependOnHowSamplesAreGrouped) {
  const at::Tensor x = at::randn({12, 1000});
  const auto run = [](const at::Tensor& rows, const RandomSource& random) {
    return dropout(rows, 0.4, random);
  };
  const at::Tensor parts = at::cat({part(x, 0, 5, run), part(x, 5, 6, run), part(x, 6, 12, run)});
  EXPECT_TRUE(at::equal(parts, dropout(x, 0.4, kRandom)));
}

TEST(Dropout, TheGradientIsZeroWhereTheValueIs) {
  const at::Tensor x = at::ones({4, 500}, at::kDouble).set_requires_grad(true);
  const at::Tensor y = dropout(x, 0.3, kRandom);
  const at::Tensor weights = at::rand({4, 500}, at::kDouble);
  (y * weights).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), y.detach() * weights));
}

TEST(Dropout, KeepsTheMean) {
  const at::Tensor x = at::ones({1000, 1000});
  for (const double rate : {0.1, 0.5, 0.9}) {
    const at::Tensor y = dropout(x, rate, kRandom);
    // Six standard deviations of the mean of a million draws.
    EXPECT_NEAR(y.eq(0).to(at::kDouble).mean().item<double>(), rate, 6 * std::sqrt(rate * (1 - rate)) / 1000);
    EXPECT_NEAR(y.to(at::kDouble).mean().item<double>(), 1, 6 * std::sqrt(rate / (1 - rate)) / 1000);
  }
}

TEST(Dropout, RateZeroAndNoValuesPassThrough) {
  const at::Tensor x = at::randn({3, 4});
  EXPECT_TRUE(dropout(x, 0, kRandom).is_same(x));
  EXPECT_EQ(dropout(at::empty({0, 4}), 0.5, kRandom).sizes(), at::IntArrayRef({0, 4}));
}

TEST(Dropout, OtherTypesDrawFromTheSeededGenerator) {
  const at::Tensor x = at::ones({100, 10}, at::kHalf);
  const at::Tensor y = dropout(x, 0.5, kRandom);
  at::rand({17});  // moves the generator
  EXPECT_TRUE(at::equal(y, dropout(x, 0.5, kRandom)));
  EXPECT_FALSE(at::equal(y, dropout(x, 0.5, kRandom.child("other"))));
}

TEST(AttentionDropout, DropsProbabilitiesOfEachSampleByItself) {
  const int64_t batch = 5, time = 9, heads = 2, size = 4;
  for (const bool causal : {true, false}) {
    const at::Tensor qkv = at::randn({batch, time, 3 * heads * size}, at::kDouble);
    const auto parts = qkv.view({batch, time, 3, heads, size}).permute({2, 0, 3, 1, 4}).unbind();
    at::Tensor scores = parts[0].matmul(parts[1].transpose(-2, -1)) / std::sqrt(size);
    if (causal) scores = scores.masked_fill(at::ones({time, time}, at::kBool).triu(1), -INFINITY);
    const at::Tensor probabilities = dropout(scores.softmax(-1), 0.3, kRandom);
    const at::Tensor expected =
        probabilities.matmul(parts[2]).transpose(1, 2).reshape({batch, time, heads * size});
    EXPECT_TRUE(at::allclose(attention(qkv, heads, causal, {}, 0.3, kRandom), expected, 1e-12, 1e-12));
    const auto run = [&](const at::Tensor& rows, const RandomSource& random) {
      return attention(rows, heads, causal, {}, 0.3, random);
    };
    EXPECT_TRUE(at::allclose(at::cat({part(qkv, 0, 2, run), part(qkv, 2, 5, run)}), expected, 1e-12, 1e-12));
  }
}

}  // namespace
}  // namespace echelon::nn
