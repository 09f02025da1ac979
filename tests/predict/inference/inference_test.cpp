#include "predict/inference/inference.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <thread>

#include "comm/local/local.h"
#include "common/error.h"
#include "models/registry.h"
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
