#include "nn/functional/attention.h"

#include "nn/functional/testing.h"

namespace echelon::nn {
namespace {

/// Softmax written out, over all heads at once.
at::Tensor by_hand(const at::Tensor& qkv, int64_t heads, bool causal, const at::Tensor& starts = {}) {
  const int64_t batch = qkv.size(0), time = qkv.size(1), width = qkv.size(2) / 3, size = width / heads;
  const auto part = [&](int64_t i) {
    return qkv.narrow(2, i * width, width).view({batch, time, heads, size}).transpose(1, 2);
  };
  at::Tensor scores = at::matmul(part(0), part(1).transpose(2, 3)) / std::sqrt(static_cast<double>(size));
  if (causal) scores = scores.masked_fill(at::ones({time, time}, at::kBool).triu(1), -INFINITY);
  if (starts.defined()) {
    const at::Tensor document = starts.unsqueeze(1);
    scores = scores.masked_fill(document.unsqueeze(3).ne(document.unsqueeze(2)), -INFINITY);
  }
  return at::matmul(scores.softmax(-1), part(2)).transpose(1, 2).reshape({batch, time, width});
}

struct Case {
  int64_t time, heads, size;
  bool causal;
  int64_t document = 0;  ///< the longest one; 0: all is one
};

/// Documents of 1 to `longest` positions, others in each of two samples.
at::Tensor document_starts(int64_t time, int64_t longest) {
  at::Tensor starts = at::empty({2, time}, at::kLong);
  for (int64_t sample = 0; sample < 2; ++sample) {
    for (int64_t t = 0, start = 0, length = 1 + sample; t < time; ++t) {
      if (t == start + length) {
        start = t;
        length = 1 + (t * 7 + sample * 5) % longest;
      }
      starts[sample][t] = start;
    }
  }
  return starts;
}

void PrintTo(const Case& c, std::ostream* out) {
  *out << "time " << c.time << ", heads " << c.heads << ", size " << c.size << (c.causal ? ", causal" : "")
       << ", document " << c.document;
}

class AttentionTest : public testing::TestWithParam<Case> {
 protected:
  void compare(at::ScalarType type, double tolerance) {
    const auto [time, heads, size, causal, document] = GetParam();
    // Inputs that bfloat16 holds exactly, so that only the arithmetic differs.
    const at::Tensor qkv = (at::randn({2, time, 3 * heads * size}) * 1.5).to(at::kBFloat16);
    const int64_t h = heads;
    const bool c = causal;
    const at::Tensor starts = document == 0 ? at::Tensor() : document_starts(time, document);
    const Derivatives actual =
        differentiate([=](const auto& inputs) { return attention(inputs[0], h, c, starts); }, {qkv}, type);
    const Derivatives expected = differentiate(
        [=](const auto& inputs) { return by_hand(inputs[0], h, c, starts); }, {qkv}, at::kDouble);
    expect_close(actual, expected, tolerance);
  }
};

TEST_P(AttentionTest, Float64) {
  compare(at::kDouble, 1e-12);
}
TEST_P(AttentionTest, Float32) {
  compare(at::kFloat, 2e-5);
}
TEST_P(AttentionTest, Bfloat16) {
  compare(at::kBFloat16, 2e-2);
}

// Blocks hold 128 queries and 512 keys: one block, several, odd ends.
INSTANTIATE_TEST_SUITE_P(Shapes, AttentionTest,
                         testing::Values(Case{1, 1, 2, true}, Case{7, 2, 6, true}, Case{7, 2, 6, false},
                                         Case{128, 3, 16, true}, Case{129, 2, 64, true},
                                         Case{300, 2, 32, false}, Case{300, 2, 32, true},
                                         Case{1025, 1, 16, true}, Case{1025, 1, 16, false},
                                         Case{7, 2, 6, true, 3}, Case{7, 2, 6, false, 3},
                                         Case{129, 2, 64, true, 40}, Case{300, 2, 32, true, 1},
                                         Case{300, 2, 32, true, 200}, Case{300, 2, 32, false, 90},
                                         Case{1025, 1, 16, true, 700}, Case{1025, 1, 16, false, 150}));

TEST(Attention, OddHeadsUseLibTorch) {
  const at::Tensor qkv = at::randn({2, 5, 18});
  EXPECT_LT(relative_difference(attention(qkv, 2, true), by_hand(qkv, 2, true)), 1e-5);
}

TEST(Attention, DropoutKeepsTheMean) {
  const at::Tensor qkv = at::ones({4, 64, 3 * 32});
  EXPECT_NEAR(attention(qkv, 2, false, {}, 0.2).mean().item<double>(), 1, 0.02);
}

}  // namespace
}  // namespace echelon::nn
