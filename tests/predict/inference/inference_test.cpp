#include "predict/inference/inference.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <thread>

#include "comm/local/local.h"
#include "common/error.h"
#include "generate/generator.h"
#include "models/registry.h"
#include "predict/inference/language_passes.h"
#include "predict/inference/stage_pipeline.h"

namespace echelon::predict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

nn::ModelSpec gpt() {
  return models::make_model(
      models::GptSettings{.layers = 3, .heads = 2, .width = 8, .context = 16, .vocabulary = 50});
}

at::Tensor some_tokens(int64_t batch) {
  return at::arange(batch * 16, at::kLong).remainder(50).view({batch, 16});
}

at::Tensor logits_of(const Inference& inference, int64_t batch) {
  return inference.run({{"tokens", some_tokens(batch)}});
}

TEST(Inference, StagesGiveTheBitsOfTheWholeModelWhoeverAsks) {
  for (const train::Precision precision : {train::Precision::kFloat32, train::Precision::kBfloat16}) {
    const Inference whole(gpt(), precision, {});
    std::vector<at::Tensor> expected;
    for (int64_t batch = 1; batch <= 8; ++batch) expected.push_back(logits_of(whole, batch));
    for (const int stages : {2, 3, 6}) {
      run_ranks(stages, [&](Communicator& comm) {
        Inference inference(gpt(), precision, {.pipeline = &comm});
        if (comm.rank() > 0) return inference.serve();
        {
          std::vector<std::jthread> threads;
          for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
              for (int64_t batch = 1; batch <= 8; ++batch)
                EXPECT_TRUE(logits_of(inference, batch).equal(expected[static_cast<size_t>(batch - 1)]));
            });
          }
        }
        inference.end();
      });
    }
  }
}

TEST(Inference, EveryStageHasItsLayersAlone) {
  run_ranks(2, [&](Communicator& comm) {
    Inference inference(gpt(), train::Precision::kFloat32, {.pipeline = &comm});
    const int64_t all = nn::without_memory(gpt()).parameter_count();
    EXPECT_LT(inference.model().parameter_count(), all * 3 / 4);
    if (comm.rank() == 0) return inference.end();
    inference.serve();
  });
}

/// Where the cuts are: within the encoder, the blocks, or before the head.
TEST(Inference, StagesOfALanguageModelWriteWhatTheWholeOneWrites) {
  const models::ModelSettings gpt_settings =
      models::GptSettings{.layers = 3, .heads = 2, .width = 8, .context = 16, .vocabulary = 50};
  const models::ModelSettings with_source = models::EncoderDecoderSettings{
      .encoder_layers = 2, .decoder_layers = 2, .heads = 2, .width = 8, .context = 16, .vocabulary = 50};
  const std::vector<generate::Ids> prompts{{3}, {1, 4, 1, 5}, {9, 2}, {6, 5, 3, 5, 8, 9}, {7, 9, 3}};
  const generate::GenerationOptions options{.max_new_tokens = 8,
                                            .sampling = {.temperature = 1},
                                            .seed = 5,
                                            .stops = {{7}, {11}, {30}},
                                            .vocabulary = 50,
                                            .start = 1};
  for (const auto& settings : {gpt_settings, with_source}) {
    const nn::ModelSpec spec = models::make_model(settings);
    const auto build = [&](const Placement& placement) {
      return std::make_unique<Inference>(spec, train::Precision::kFloat32, placement,
                                         language_passes(spec, settings, at::kCPU));
    };
    const auto asking = [&](const Inference& inference) {
      return generate::LanguageModel(
          [&inference](nn::Activations inputs) { return inference.ask(std::move(inputs)); }, settings);
    };
    const auto written = [&](const Inference& inference) {
      std::vector<generate::Ids> texts;
      for (auto& made : continue_prompts(asking(inference), prompts, options, 2))
        texts.push_back(std::move(made.tokens));
      return texts;
    };
    const std::span sources(prompts.begin(), generate::parts_of(spec).size() == 3 ? prompts.size() : 0);
    const auto probabilities = [&](const Inference& inference) {
      return asking(inference).log_probabilities(sources, prompts, prompts);
    };
    const auto whole = build({});
    const auto expected = written(*whole);
    const at::Tensor expected_probabilities = probabilities(*whole);
    for (int stages = 2; stages <= static_cast<int>(spec.layers.size()); ++stages) {
      run_ranks(stages, [&](Communicator& comm) {
        const auto inference = build({.pipeline = &comm});
        if (comm.rank() > 0) return inference->serve();
        {
          std::vector<std::jthread> threads;
          for (int i = 0; i < 3; ++i)
            threads.emplace_back([&] {
              EXPECT_EQ(written(*inference), expected) << stages;
              EXPECT_TRUE(probabilities(*inference).equal(expected_probabilities)) << stages;
            });
        }
        inference->end();
      });
    }
  }
}

TEST(Inference, AStageThatFailsEndsTheOthers) {
  std::string problem;
  try {
    run_ranks(3, [&](Communicator& comm) {
      try {
        Inference inference(gpt(), train::Precision::kFloat32, {.pipeline = &comm});
        if (comm.rank() == 2) throw DataError("the third stage is broken");
        if (comm.rank() == 1) return inference.serve();
        logits_of(inference, 1);
      } catch (const std::exception& error) {
        comm.abort(error.what());
        throw;
      }
    });
  } catch (const Error& error) {
    problem = error.what();
  }
  EXPECT_THAT(problem, HasSubstr("the third stage is broken"));
}

TEST(Stages, HaveAboutAsManyBytes) {
  const nn::ModelSpec spec = gpt();
  // The embedding and the three blocks have far more parameters than the last norm; the head is the
  // embedding.
  EXPECT_THAT(cut_into_stages(spec, 1), ElementsAre(0));
  const std::vector<size_t> two = cut_into_stages(spec, 2);
  ASSERT_EQ(two.size(), 2);
  std::vector<int64_t> bytes(2, 0);
  for (const auto& parameter : nn::without_memory(spec).parameters())
    bytes[parameter.layer >= two[1] ? 1 : 0] += static_cast<int64_t>(parameter.tensor.nbytes());
  EXPECT_LT(std::max(bytes[0], bytes[1]), (bytes[0] + bytes[1]) * 2 / 3);
  EXPECT_THROW(cut_into_stages(spec, 7), ConfigError) << "more stages than layers";
}

}  // namespace
}  // namespace echelon::predict
