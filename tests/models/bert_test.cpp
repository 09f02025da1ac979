// BERT against Hugging Face's, with the numbers that tests/golden/bert.py writes.
#include "models/bert.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "checkpoint/hugging_face/model.h"
#include "common/error.h"
#include "nn/autocast.h"
#include "nn/functional/product_weight.h"

namespace echelon::models {
namespace {

const fs::path kFolder = fs::path(ECHELON_SOURCE_DIR) / "tests/golden/bert";

double difference(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  return (actual.detach().to(at::kDouble) - expected.to(at::kDouble)).abs().max().item<double>();
}

class Bert : public testing::Test {
 protected:
  Bert() : expected_(kFolder / "expected.safetensors") {}

  nn::LayeredModel model(at::ScalarType type = at::kFloat) const {
    const auto folder = checkpoint::open_hugging_face(kFolder);
    nn::LayeredModel model(make_bert(folder.settings(), nn::init::zeros()), at::TensorOptions().dtype(type),
                           0);
    folder.load(model);
    return model;
  }
  at::Tensor expected(const std::string& name) const { return expected_.view(name).clone(); }
  at::Tensor hidden(nn::LayeredModel& model) const {
    return model.forward({{"tokens", expected("tokens")}, {"lengths", expected("lengths")}}, {}).at("hidden");
  }
  /// What belongs to padding means nothing.
  at::Tensor without_padding(const at::Tensor& hidden) const {
    const at::Tensor lengths = expected("lengths");
    return hidden.masked_fill(at::arange(9).ge(lengths.unsqueeze(1)).unsqueeze(2), 0);
  }

  checkpoint::SafetensorsFile expected_;
};

TEST_F(Bert, GivesTheHiddenStatesOfTheReference) {
  const at::NoGradGuard no_gradient;
  auto single = model();
  EXPECT_LT(difference(without_padding(hidden(single)), without_padding(expected("hidden"))), 1e-5);
  auto wide = model(at::kDouble);
  EXPECT_LT(difference(without_padding(hidden(wide)), without_padding(expected("hidden_f64"))), 1e-12);
}

TEST_F(Bert, GivesThemWithGradientsToo) {
  auto single = model();
  const at::Tensor found = hidden(single);
  EXPECT_LT(difference(without_padding(found), without_padding(expected("hidden"))), 1e-5);
  found.sum().backward();
  for (const auto& parameter : single.parameters())
    EXPECT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
}

TEST_F(Bert, GivesThemWithoutPadding) {
  const at::NoGradGuard no_gradient;
  auto single = model();
  const at::Tensor lengths = at::full({2}, 7, at::kLong);
  const auto found = single.forward({{"tokens", expected("full_tokens")}, {"lengths", lengths}}, {});
  EXPECT_LT(difference(found.at("hidden"), expected("full_hidden")), 1e-5);
  EXPECT_EQ(found.size(), 1);
}

// bfloat16 has 8 bits: rounding a value of 4, which normalised ones reach, is off by 0.016, and several add
// up.
TEST_F(Bert, GivesThemInBfloat16) {
  const at::NoGradGuard no_gradient;
  auto single = model();
  nn::SharedWeights weights(/*uses=*/1);
  const nn::SharedWeights::Scope scope(weights);
  const nn::AutocastScope autocast(at::kBFloat16, at::kCPU);
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second time with weights that are there
    const at::Tensor found = without_padding(hidden(single)), right = without_padding(expected("hidden"));
    EXPECT_EQ(found.scalar_type(), at::kFloat);
    EXPECT_LT(difference(found, right), 0.15);
    EXPECT_LT(((found - right).norm() / right.norm()).item<double>(), 0.02);
    EXPECT_GT(difference(found, right), 1e-4);  // products were narrow
  }
}

TEST_F(Bert, RunsInSeveralThreads) {
  auto single = model();
  std::vector<std::jthread> threads;
  std::atomic<int> equal = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const at::NoGradGuard no_gradient;
      for (int repeat = 0; repeat < 20; ++repeat)
        equal += difference(without_padding(hidden(single)), without_padding(expected("hidden"))) < 1e-5;
    });
  }
  threads.clear();
  EXPECT_EQ(equal, 80);
}

TEST_F(Bert, RefusesLengthsThatAreNone) {
  auto single = model();
  for (const int64_t length : {0, 8}) {
    const at::Tensor lengths = at::tensor({length, int64_t{7}});
    EXPECT_THROW(single.forward({{"tokens", expected("full_tokens")}, {"lengths", lengths}}, {}), DataError);
  }
  const at::Tensor tokens = at::zeros({1, 17}, at::kLong), lengths = at::full({1}, 17, at::kLong);
  try {
    single.forward({{"tokens", tokens}, {"lengths", lengths}}, {});
    ADD_FAILURE() << "17 tokens in a context of 16";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("17 tokens is longer than the model's context of 16"));
  }
}

}  // namespace
}  // namespace echelon::models
