#include "nn/functional/key_value_cache.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "common/error.h"
#include "nn/functional/key_value_ops.h"

namespace echelon::nn {
namespace {

struct Case {
  at::ScalarType type;
  int64_t size;  ///< of a head
  double tolerance;
};

class Attend : public testing::TestWithParam<Case> {};

/// LibTorch's attention of a token to what was stored of its sequence, in float64.
TEST_P(Attend, IsThatOfLibTorch) {
  const auto [type, size, tolerance] = GetParam();
  constexpr int64_t kHeads = 3, kTokens = 9;
  const int64_t width = kHeads * size;
  at::manual_seed(1);
  const auto random = [&](at::IntArrayRef shape) { return at::randn(shape, at::kDouble).to(type); };
  KeyValueCache cache({.sequences = 4, .capacity = kTokens + 2, .width = width, .heads = kHeads}, type);
  const at::Tensor qkv = random({3, kTokens, 3 * width});  // the cache is given a part of its columns
  const std::vector<int64_t> sequences{3, 0, 2}, counts{9, 1, 6};
  cache.store(qkv.narrow(2, width, 2 * width), sequences, std::vector<int64_t>(3, 0));
  const at::Tensor later = random({1, 2, 2 * width});
  cache.store(later, std::vector<int64_t>{2}, std::vector<int64_t>{4});

  const at::Tensor query = random({3, width});
  const at::Tensor found = cache.attend(query, sequences, counts);
  ASSERT_EQ(found.scalar_type(), type);
  for (int64_t row = 0; row < 3; ++row) {
    at::Tensor key_value = qkv[row].narrow(1, width, 2 * width).clone();
    if (row == 2) key_value.narrow(0, 4, 2).copy_(later[0]);
    const auto of_heads = [&](const at::Tensor& x) {
      return x.to(at::kDouble).view({1, -1, kHeads, size}).transpose(1, 2);
    };
    const auto halves = key_value.narrow(0, 0, counts[static_cast<size_t>(row)]).chunk(2, 1);
    const at::Tensor expected = at::scaled_dot_product_attention(
        of_heads(query[row]), of_heads(halves[0].contiguous()), of_heads(halves[1].contiguous()));
    EXPECT_LT((found[row].to(at::kDouble) - expected.flatten()).abs().max().item<double>(), tolerance);
  }
}

/// What other devices do, on the CPU: the same, with whatever lies in places that nobody wrote.
TEST_P(Attend, IsTheSameInLibTorchsOperations) {
  const auto [type, size, tolerance] = GetParam();
  constexpr int64_t kHeads = 3, kTokens = 9;
  const int64_t width = kHeads * size;
  at::manual_seed(2);
  const auto random = [&](at::IntArrayRef shape) { return at::randn(shape, at::kDouble).to(type); };
  KeyValueCache cache({.sequences = 4, .capacity = kTokens, .width = width, .heads = kHeads}, type);
  const at::Tensor keys = at::full({4, kHeads, kTokens, size}, NAN, type), values = keys.clone();
  const std::vector<int64_t> sequences{3, 0, 2}, first{0, 0, 0}, later{8, 3, 5}, counts{9, 4, 6};
  const at::Tensor qkv = random({3, 5, 3 * width}), token = random({3, 1, 2 * width});
  const at::Tensor long_one = random({1, 8, 2 * width});
  const std::vector<int64_t> three{3}, beginning{0};
  for (const auto& [key_value, rows, from] : {std::tuple{qkv.narrow(2, width, 2 * width), &sequences, &first},
                                              {long_one, &three, &beginning},
                                              {token, &sequences, &later}}) {
    cache.store(key_value, *rows, *from);
    store_key_value(keys, values, key_value, *rows, *from);
  }
  const at::Tensor query = qkv.select(1, 2).narrow(1, 0, width);
  const at::Tensor found = attend_key_value(keys, values, query, sequences, counts);
  ASSERT_EQ(found.scalar_type(), type);
  const at::Tensor difference =
      found.to(at::kDouble) - cache.attend(query, sequences, counts).to(at::kDouble);
  EXPECT_LT(difference.abs().max().item<double>(), tolerance);
}

// bfloat16 has 8 bits: the result, of about 1, is off by up to 2⁻⁸ of it.
INSTANTIATE_TEST_SUITE_P(Types, Attend,
                         testing::Values(Case{at::kDouble, 8, 1e-14}, Case{at::kFloat, 16, 1e-6},
                                         Case{at::kFloat, 5, 1e-6}, Case{at::kFloat, 1, 1e-6},
                                         Case{at::kBFloat16, 16, 0.02}));

TEST(KeyValueCache, RefusesTokensBeyondItsCapacity) {
  KeyValueCache cache({.sequences = 1, .capacity = 3, .width = 4, .heads = 2}, at::kFloat);
  const std::vector<int64_t> first{0}, second{2};
  cache.store(at::zeros({1, 3, 8}), first, first);
  EXPECT_THROW(cache.store(at::zeros({1, 2, 8}), first, second), InternalError);
}

}  // namespace
}  // namespace echelon::nn
