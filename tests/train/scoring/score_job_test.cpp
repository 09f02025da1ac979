// What an evaluation says does not depend on the shape of its job.
#include "train/scoring/score_job.h"

#include <gmock/gmock.h>

#include "comm/local/local.h"
#include "train/runs.h"

namespace echelon::train::testing {
namespace {

using ::testing::HasSubstr;

TrainSettings scored_run(TrainSettings settings, int64_t batch) {
  if (auto* images = std::get_if<data::ImageSettings>(&settings.data))
    images->test = {{std::string(ECHELON_SOURCE_DIR) + "/configs/data/mnist5k/test-000.tar"}};
  if (auto* texts = std::get_if<data::TextSettings>(&settings.data)) {
    texts->test = texts->train;
    texts->test_range = {0.9, 1.0};
  }
  settings.evaluate.batch = batch;
  settings.global_batch = 12;  // which 1, 2, 3 and 4 ranks divide
  return settings;
}

std::string scored(TrainSettings settings, int ranks, int pipeline) {
  settings.parallel.pipeline = pipeline;
  std::string json;
  run_ranks(ranks, [&](Communicator& comm) {
    Ranks group(comm, pipeline);
    Job job(settings, group);
    const EvaluationReport report = score_job(settings, job, comm);
    if (comm.rank() == 0) json = to_json(report) + to_html(report);
  });
  return json;
}

TEST(ScoreJob, GivesTheSameBytesInAnyShape) {
  for (const TrainSettings& settings :
       {scored_run(convnet_run(Precision::kFloat32), 48), scored_run(gpt_run(Precision::kFloat32), 5)}) {
    const std::string expected = scored(settings, 1, 1);
    EXPECT_THAT(expected, HasSubstr("samples with the highest loss"));
    for (const auto& [ranks, pipeline] : {std::pair{2, 1}, {3, 1}, {4, 1}, {2, 2}, {4, 2}})
      EXPECT_TRUE(scored(settings, ranks, pipeline) == expected)
          << ranks << " ranks, pipelines of " << pipeline;
  }
}

TEST(ScoreJob, ShowsPicturesAndTexts) {
  EXPECT_THAT(scored(scored_run(convnet_run(Precision::kFloat32), 100), 1, 1),
              HasSubstr("src=\"data:image/png;base64,iVBORw0KGgo"));
  EXPECT_THAT(scored(scored_run(gpt_run(Precision::kFloat32), 16), 1, 1), HasSubstr("\"text\":\""));
}

}  // namespace
}  // namespace echelon::train::testing
