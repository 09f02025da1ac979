// Tokens that run one by one say what they say in a whole sequence.
#include "generate/language_model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/random.h"
#include "generate/small_models.h"
#include "generate/writing.h"
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
  void expect_close(const at::Tensor& actual, const at::Tensor& expected) const {
    ASSERT_EQ(actual.sizes(), expected.sizes());
    const double scale = expected.abs().max().item<double>();
    EXPECT_GT(scale, 1);
    EXPECT_LT((actual - expected).abs().max().item<double>(), GetParam().tolerance * scale);
  }

  RandomStream random_{11};
  LanguageModel model_ = language_model(GetParam().settings, GetParam().type);
  std::shared_ptr<nn::LayeredModel> whole_ = whole_model(GetParam().settings, GetParam().type);
};

/// Sequences of several lengths begin together, are left out of some calls in turn, end one by one, and
/// others begin in their places.
TEST_P(StepByStep, LogitsAreThoseOfTheWholeSequence) {
  const std::vector<size_t> lengths{9, 16, 13, 10, 16, 12, 5}, source_lengths{4, 1, 16, 7, 2, 3, 9};
  const std::vector<size_t> first =
      model_.reads_source() ? std::vector<size_t>(7, 1) : std::vector<size_t>{4, 1, 9, 2, 6, 3, 1};
  std::vector<Ids> sequences, sources;
  for (size_t i = 0; i < lengths.size(); ++i) {
    sequences.push_back(random_ids(lengths[i]));
    sources.push_back(random_ids(source_lengths[i]));
  }
  Writing writing(model_, {.sequences = 5, .capacity = 16, .source_capacity = 16});
  std::vector<size_t> at(5), run(5);  // which sequence each place has, and how many of its tokens have run
  const auto expect_next = [&](const at::Tensor& logits, const std::vector<int64_t>& places) {
    for (size_t j = 0; j < places.size(); ++j) {
      const auto place = static_cast<size_t>(places[j]);
      expect_close(
          logits[static_cast<int64_t>(j)],
          logits_of(*whole_, sources[at[place]], sequences[at[place]])[static_cast<int64_t>(run[place]) - 1]);
    }
  };
  const auto begin = [&](const std::vector<int64_t>& places, const std::vector<size_t>& which) {
    std::vector<Ids> tokens, read;
    for (size_t j = 0; j < which.size(); ++j) {
      const Ids& all = sequences[which[j]];
      tokens.emplace_back(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first[which[j]]));
      read.push_back(sources[which[j]]);
      at[static_cast<size_t>(places[j])] = which[j];
      run[static_cast<size_t>(places[j])] = first[which[j]];
    }
    expect_next(writing.begin(places, tokens, read), places);
  };
  begin({0, 1, 2, 3, 4}, {0, 1, 2, 3, 4});
  size_t next = 5;
  for (size_t call = 0; call < 30; ++call) {
    std::vector<int64_t> places, ended;
    std::vector<uint32_t> tokens;
    for (size_t place = 5; place-- > 0;) {  // in any order
      if (run[place] == lengths[at[place]]) {
        if (ended.empty()) ended.push_back(static_cast<int64_t>(place));
      } else if (call % 4 != place) {
        places.push_back(static_cast<int64_t>(place));
        tokens.push_back(sequences[at[place]][run[place]++]);
      }
    }
    if (!places.empty()) expect_next(writing.append(places, tokens), places);
    if (!ended.empty() && next < sequences.size()) begin(ended, {next++});
  }
  EXPECT_EQ(next, sequences.size());
  for (size_t place = 0; place < 5; ++place) EXPECT_EQ(run[place], lengths[at[place]]);
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
  for (const auto& settings : {small_gpt(), small_encoder_decoder()}) {
    const LanguageModel model = language_model(settings);
    const auto last = [&](bool half) {
      const nn::AutocastScope autocast(half ? std::optional(at::kBFloat16) : std::nullopt, at::kCPU);
      Writing writing(model, {.sequences = 1, .capacity = 16, .source_capacity = 3});
      const std::vector<int64_t> place{0};
      at::Tensor logits = writing.begin(place, std::vector<Ids>{{0}}, std::vector<Ids>{{3, 1, 4}});
      for (uint32_t i = 1; i < 12; ++i) logits = writing.append(place, std::vector<uint32_t>{5 * i});
      return logits;
    };
    const at::Tensor wide = last(false), half = last(true);
    EXPECT_LT((half - wide).abs().max().item<double>(), 0.1 * wide.abs().max().item<double>());
    EXPECT_FALSE(half.equal(wide));
  }
}

TEST(LanguageModel, RefusesWhatASequenceHasNoRoomFor) {
  const LanguageModel model = language_model(small_gpt());
  const std::vector<int64_t> place{0};
  Writing writing(model, {.sequences = 1, .capacity = 4});
  EXPECT_THROW(writing.begin(place, std::vector<Ids>{Ids(5, 1)}, {}), InternalError);
  writing.begin(place, std::vector<Ids>{Ids(4, 1)}, {});
  EXPECT_THROW(writing.append(place, std::vector<uint32_t>{1}), InternalError);
  const std::vector<Ids> long_one{Ids(17, 1)};
  EXPECT_THROW(model.log_probabilities({}, long_one, long_one), DataError);
}

TEST(DecodingState, RefusesBeginningsAmongOthers) {
  nn::DecodingState decoding({.sequences = 2, .capacity = 4});
  EXPECT_THROW(decoding.set_rows({0, 1}, {0, 3}), InternalError);
}

/// What is kept of a session goes with it, and nothing is mixed up between two.
TEST(LanguageStage, KeepsSessionsApart) {
  const auto layers = layers_of(small_gpt(), parts_of(models::make_model(small_gpt())), at::kDouble);
  const LanguageModel model = asking(layers, small_gpt());
  const std::vector<int64_t> place{0};
  const auto third = [&](Writing& writing, uint32_t token) {
    writing.begin(place, std::vector<Ids>{{token, token}}, {});
    return [&writing, place, token] { return writing.append(place, std::vector<uint32_t>{token}); };
  };
  const auto whole = whole_model(small_gpt(), at::kDouble);
  Writing one(model, {.sequences = 1, .capacity = 4}), two(model, {.sequences = 1, .capacity = 4});
  const auto next_of_one = third(one, 5), next_of_two = third(two, 6);
  EXPECT_TRUE(next_of_one()[0].allclose(logits_of(*whole, {}, {5, 5, 5})[-1], 1e-9, 1e-9));
  EXPECT_TRUE(next_of_two()[0].allclose(logits_of(*whole, {}, {6, 6, 6})[-1], 1e-9, 1e-9));
}

TEST(Pass, IsTheSameBehindATensor) {
  const Pass pass{.kind = Pass::Kind::kContinue,
                  .session = 12,
                  .shape = {.sequences = 3, .capacity = 40, .source_capacity = 7},
                  .rows = {2, 0},
                  .lengths = {5, 1}};
  const Pass found = pass_of(to_tensor(pass));
  EXPECT_EQ(found.kind, pass.kind);
  EXPECT_EQ(found.session, 12);
  EXPECT_EQ(found.shape.sequences, 3);
  EXPECT_EQ(found.shape.capacity, 40);
  EXPECT_EQ(found.shape.source_capacity, 7);
  EXPECT_EQ(found.rows, pass.rows);
  EXPECT_EQ(found.lengths, pass.lengths);
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
