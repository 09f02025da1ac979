// Pooling against sentence-transformers', with the numbers that tests/golden/bert.py writes.
#include "models/text_embedding.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "checkpoint/safetensors.h"

namespace echelon::models {
namespace {

at::Tensor golden(const std::string& name) {
  return checkpoint::SafetensorsFile(fs::path(ECHELON_SOURCE_DIR) / "tests/golden/bert/expected.safetensors")
      .view(name);
}

class TextEmbedding : public testing::TestWithParam<Pooling> {};

TEST_P(TextEmbedding, IsThatOfTheReference) {
  const at::Tensor expected = golden(std::string(name_of(GetParam())));
  const at::Tensor hidden = golden("hidden"), lengths = golden("lengths");
  const at::Tensor found = pool(hidden, lengths, GetParam());
  EXPECT_EQ(found.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(found, expected, 0, 1e-6));
  EXPECT_TRUE(
      at::allclose(pool(hidden.to(at::kDouble), lengths, GetParam()), expected.to(at::kDouble), 0, 1e-6));
  EXPECT_EQ(pool(hidden.to(at::kBFloat16), lengths, GetParam()).scalar_type(), at::kFloat);
}

INSTANTIATE_TEST_SUITE_P(Poolings, TextEmbedding,
                         testing::Values(Pooling::kMean, Pooling::kCls, Pooling::kMax),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(NormaliseRows, GivesThoseOfTheReference) {
  EXPECT_TRUE(at::allclose(normalise_rows(golden("mean")), golden("normalised"), 0, 1e-6));
  EXPECT_TRUE(at::equal(normalise_rows(at::zeros({1, 4})), at::zeros({1, 4})));
}

}  // namespace
}  // namespace echelon::models
