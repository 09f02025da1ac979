// Tokens that run one by one say what they say in a whole sequence.
#include "generate/language_model.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/random.h"
#include "generate/small_models.h"
#include "nn/autocast.h"

namespace echelon::generate {
namespace {

struct Case {
  std::string name;
  models::ModelSettings settings;
  at::ScalarType type;
  double tolerance;  ///< of logits, as a share of the largest
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

models::GptSettings gpt_of(int64_t heads, bool document_mask) {
  models::GptSettings settings = std::get<models::GptSettings>(small_gpt());
  settings.heads = heads;
  settings.document_mask = document_mask;
  return settings;
}

class StepByStep : public testing::TestWithParam<Case> {
 protected:
  Ids random_ids(size_t count) {
    Ids ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(static_cast<uint32_t>(random_.below(61)));
    return ids;
  }
  /// Of the tokens of one sequence, all at once, by a model that was not cut into parts.
  at::Tensor expected(const Ids& source, const Ids& tokens) const {
    nn::Activations inputs{{"tokens", padded({&tokens, 1})}};
    for (const std::string& name : whole_->spec().inputs) {
      if (name == "source") inputs[name] = padded({&source, 1});
      if (name.ends_with("_starts"))
        inputs[name] = at::zeros_like(padded({name == "source_starts" ? &source : &tokens, 1}));
    }
    return whole_->forward(inputs, {}).at("logits")[0];
  }
  void expect_close(const at::Tensor& actual, const at::Tensor& expected) const {
    ASSERT_EQ(actual.sizes(), expected.sizes());
    const double scale = expected.abs().max().item<double>();
    EXPECT_GT(scale, 1);
    EXPECT_LT((actual - expected).abs().max().item<double>(), GetParam().tolerance * scale);
  }

  const c10::InferenceMode no_gradients_;
  RandomStream random_{11};
  LanguageModel model_ = language_model(GetParam().settings, GetParam().type);
  std::shared_ptr<nn::LayeredModel> whole_ = layers_of(
      GetParam().settings, {{0, models::make_model(GetParam().settings).layers.size()}}, GetParam().type);
};

/// Sequences of several lengths start together, are left out of some calls in turn, and end one by one.
TEST_P(StepByStep, LogitsAreThoseOfTheWholeSequence) {
  const std::vector<size_t> lengths{9, 16, 13, 10, 16}, source_lengths{4, 1, 16, 7, 2};
  const std::vector<size_t> begun =
      model_.reads_source() ? std::vector<size_t>(5, 1) : std::vector<size_t>{4, 1, 9, 2, 6};
  std::vector<Ids> sequences, sources, given;
  for (size_t i = 0; i < lengths.size(); ++i) {
    sequences.push_back(random_ids(lengths[i]));
    sources.push_back(random_ids(source_lengths[i]));
    given.emplace_back(sequences[i].begin(), sequences[i].begin() + static_cast<std::ptrdiff_t>(begun[i]));
  }
  nn::Activations source;
  if (model_.reads_source()) source = model_.read(sources);
  nn::DecodingState decoding(5, 16);
  decoding.set_rows({0, 1, 2, 3, 4}, {0, 0, 0, 0, 0});
  const at::Tensor first = model_.hidden(padded(given), source, &decoding);
  for (size_t i = 0; i < given.size(); ++i) {
    const auto row = static_cast<int64_t>(i), count = static_cast<int64_t>(begun[i]);
    expect_close(model_.logits(first[row].narrow(0, 0, count)),
                 expected(sources[i], sequences[i]).narrow(0, 0, count));
  }
  std::vector<size_t> run = begun;
  for (size_t call = 0; run != lengths; ++call) {
    std::vector<int64_t> rows, before;
    std::vector<Ids> tokens;
    for (size_t i = 5; i-- > 0;) {  // in any order
      if (run[i] == lengths[i] || (call % 4 == i && call < 12)) continue;
      rows.push_back(static_cast<int64_t>(i));
      before.push_back(static_cast<int64_t>(run[i]));
      tokens.push_back({sequences[i][run[i]]});
    }
    decoding.set_rows(rows, before);
    const at::Tensor logits = model_.logits(model_.hidden(padded(tokens), source, &decoding).select(1, 0));
    for (size_t j = 0; j < rows.size(); ++j) {
      const auto i = static_cast<size_t>(rows[j]);
      expect_close(logits[static_cast<int64_t>(j)], expected(sources[i], sequences[i])[before[j]]);
      ++run[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, StepByStep,
                         testing::Values(Case{"gpt", small_gpt(), at::kFloat, 1e-5},
                                         Case{"gpt_f64", small_gpt(), at::kDouble, 1e-12},
                                         Case{"gpt_of_documents", gpt_of(4, true), at::kFloat, 1e-5},
                                         Case{"gpt_with_narrow_heads", gpt_of(32, false), at::kFloat, 1e-5},
                                         Case{"encoder_decoder", small_encoder_decoder(), at::kFloat, 1e-5},
                                         Case{"encoder_decoder_f64", small_encoder_decoder(), at::kDouble,
                                              1e-12}),
                         [](const auto& info) { return info.param.name; });

/// bfloat16 has 8 bits; several roundings add up.
TEST(LanguageModel, StepsInBfloat16AreNearThoseInFloat32) {
  const c10::InferenceMode no_gradients;
  for (const auto& settings : {small_gpt(), small_encoder_decoder()}) {
    const LanguageModel model = language_model(settings);
    const std::vector<Ids> sources{{3, 1, 4}};
    const nn::Activations source = model.reads_source() ? model.read(sources) : nn::Activations();
    const auto last = [&](bool half) {
      const nn::AutocastScope autocast(half ? std::optional(at::kBFloat16) : std::nullopt, at::kCPU);
      nn::DecodingState decoding(1, 16);
      at::Tensor hidden;
      for (int64_t i = 0; i < 12; ++i) {
        decoding.set_rows({0}, {i});
        hidden = model.hidden(at::full({1, 1}, i * 5, at::kLong), source, &decoding);
      }
      return model.logits(hidden.select(1, 0));
    };
    const at::Tensor wide = last(false), half = last(true);
    EXPECT_LT((half - wide).abs().max().item<double>(), 0.1 * wide.abs().max().item<double>());
    EXPECT_FALSE(half.equal(wide));
  }
}

TEST(LanguageModel, RefusesWhatASequenceHasNoRoomFor) {
  const LanguageModel model = language_model(small_gpt());
  nn::DecodingState decoding(1, 4);
  decoding.set_rows({0}, {0});
  EXPECT_THROW(model.hidden(at::zeros({1, 5}, at::kLong), {}, &decoding), InternalError);
  decoding.set_rows({0}, {2});
  EXPECT_THROW(model.hidden(at::zeros({1, 2}, at::kLong), {}, &decoding), InternalError);
  EXPECT_THROW(model.hidden(at::zeros({1, 17}, at::kLong), {}), DataError);
}

TEST(LanguageModel, SaysWhichModelsWrite) {
  EXPECT_TRUE(writes(small_gpt()));
  EXPECT_TRUE(writes(small_encoder_decoder()));
  models::GptSettings masked;
  masked.causal = false;
  EXPECT_FALSE(writes(masked));
  EXPECT_FALSE(writes(models::MlpSettings{}));
}

}  // namespace
}  // namespace echelon::generate
