#include "nn/functional/cross_attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "nn/functional/dropout.h"

namespace echelon::nn {
namespace {

/// [batch, time, heads·size] → [batch, head, time, size].
at::Tensor split_heads_BHTD(const at::Tensor& x, int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

/// What is added to the scores: 0, or so little that the probability is 0. Finite, as −∞ · 0 is no number.
at::Tensor bias_B11S(const at::Tensor& source_starts, at::ScalarType type) {
  const double least = type == at::kHalf ? -32752 : std::numeric_limits<float>::lowest() / 2;
  return source_starts.ne(0).to(type).mul(least).unsqueeze(1).unsqueeze(2);
}

}  // namespace

at::Tensor cross_attention(const at::Tensor& query, const at::Tensor& key_value, int64_t heads,
                           const at::Tensor& source_starts, double dropout, const RandomSource& random) {
  const auto halves = key_value.chunk(2, 2);
  const at::Tensor q_BHTD = split_heads_BHTD(query, heads);
  const at::Tensor k_BHSD = split_heads_BHTD(halves[0], heads), v_BHSD = split_heads_BHTD(halves[1], heads);
  at::Tensor bias;
  if (source_starts.defined()) bias = bias_B11S(source_starts, query.scalar_type());
  at::Tensor mixed_BHTD;
  if (query.is_meta() || (query.is_cpu() && dropout > 0)) {
    const double scale = 1 / std::sqrt(static_cast<double>(q_BHTD.size(3)));
    at::Tensor scores = at::matmul(q_BHTD * scale, k_BHSD.transpose(2, 3));
    if (bias.defined()) scores = scores + bias;
    const at::Tensor probabilities = scores.softmax(-1);
    mixed_BHTD =
        at::matmul(dropout > 0 ? nn::dropout(probabilities, dropout, random) : probabilities, v_BHSD);
  } else {
    if (dropout > 0) seed_generator(query.device(), random);
    std::optional<at::Tensor> mask;
    if (bias.defined()) mask = bias.expand({-1, heads, q_BHTD.size(2), -1});
    mixed_BHTD = at::scaled_dot_product_attention(q_BHTD, k_BHSD, v_BHSD, mask, dropout);
  }
  return mixed_BHTD.transpose(1, 2).reshape(query.sizes());
}

}  // namespace echelon::nn
