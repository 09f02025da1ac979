// Test metrics count every sample once, however the samples are spread over ranks and batches.
#include "train/evaluation.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>

#include "comm/local/local.h"
#include "data/loader.h"
#include "train/job.h"
#include "train/runs.h"

namespace echelon::train::testing {
namespace {

/// The digits of the test split, as training data too, and a network that has learned nothing.
TrainSettings digits() {
  TrainSettings settings = convnet_run(Precision::kFloat64);
  auto& images = std::get<data::ImageSettings>(settings.data);
  images.test = {{std::string(ECHELON_SOURCE_DIR) + "/configs/data/mnist5k/test-000.tar"}};
  return settings;
}

Metrics evaluate(const TrainSettings& settings, int ranks, int64_t batch) {
  TrainSettings own = settings;
  own.evaluate.batch = batch;
  own.global_batch = 12;  // which 1, 2, 3 and 4 ranks divide
  Metrics metrics;
  run_ranks(ranks, [&](Communicator& comm) {
    Ranks group(comm);
    Job job(own, group);
    const Metrics of_rank = job.make_evaluator()->run();
    if (comm.rank() == ranks - 1) metrics = of_rank;
  });
  return metrics;
}

/// The same from one matrix of all logits, by the definitions.
Metrics by_definition(const TrainSettings& settings) {
  Metrics metrics;
  run_ranks(1, [&](Communicator& comm) {
    Ranks group(comm);
    Job job(settings, group);
    const c10::NoGradGuard no_grad;
    const data::Dataset& data = *job.test_data();
    data::Batch batch = data.allocate(data.size(), at::kDouble, false);
    for (int64_t i = 0; i < data.size(); ++i) data.load(i, 0, batch, i);
    const at::Tensor logits = job.model().forward(batch.inputs, {}).at("logits");
    const at::Tensor target = batch.target.unsqueeze(1);
    metrics["loss"] = -logits.log_softmax(1).gather(1, target).mean().item<double>();
    metrics["accuracy"] = logits.argmax(1, true).eq(target).to(at::kDouble).mean().item<double>();
    const at::Tensor best = std::get<1>(logits.topk(5, 1));
    metrics["accuracy_top5"] = best.eq(target).any(1).to(at::kDouble).mean().item<double>();
  });
  return metrics;
}

TEST(Evaluator, GivesTheMetricsOfTheWholeSplitOnAnyNumberOfRanks) {
  const TrainSettings settings = digits();
  const Metrics expected = by_definition(settings);
  EXPECT_NEAR(expected.at("loss"), std::log(10), 0.1) << "an untrained network";
  for (const auto& [ranks, batch] : {std::pair{1, 1000}, {1, 64}, {2, 7}, {3, 64}, {4, 333}}) {
    const Metrics metrics = evaluate(settings, ranks, batch);
    EXPECT_EQ(metrics.size(), expected.size());
    for (const auto& [name, value] : expected) {
      EXPECT_NEAR(metrics.at(name), value, 1e-12) << name << ", " << ranks << " ranks, batches of " << batch;
    }
  }
}

TEST(Evaluator, PerplexityIsTheExponentialOfTheLoss) {
  TrainSettings settings = gpt_run(Precision::kFloat64);
  auto& text = std::get<data::TextSettings>(settings.data);
  text.test = text.train;
  text.test_range = {0.9, 1.0};
  const Metrics one = evaluate(settings, 1, 16), three = evaluate(settings, 3, 5);
  EXPECT_NEAR(one.at("loss"), std::log(256), 0.2);
  EXPECT_DOUBLE_EQ(one.at("perplexity"), std::exp(one.at("loss")));
  EXPECT_NEAR(one.at("loss"), three.at("loss"), 1e-12);
}

TEST(Metrics, OfNumbersAreThoseOfAllPartsTogether) {
  at::manual_seed(3);
  const Scoring scoring{.loss = {.kind = nn::LossKind::kSquaredError}, .scale = 4, .centre = 1e6};
  const at::Tensor targets = 1e6 + at::randn({90}, at::kDouble);
  const at::Tensor predictions = targets + 0.5 * at::randn({90}, at::kDouble);
  at::Tensor sums = at::zeros({kMetricSums}, at::kDouble);
  for (const auto& [begin, end] : {std::pair{0, 1}, {1, 40}, {40, 90}})
    sums += metric_sums(scoring, predictions.slice(0, begin, end).unsqueeze(1), targets.slice(0, begin, end),
                        end - begin);
  const Metrics metrics = metrics_of(scoring, {sums.const_data_ptr<double>(), kMetricSums});
  const at::Tensor errors = predictions - targets;
  const double squared = errors.square().mean().item<double>();
  EXPECT_NEAR(metrics.at("loss"), squared, 1e-9);
  EXPECT_NEAR(metrics.at("rmse"), 4 * std::sqrt(squared), 1e-9);
  EXPECT_NEAR(metrics.at("mae"), 4 * errors.abs().mean().item<double>(), 1e-9);
  EXPECT_NEAR(metrics.at("r2"), 1 - squared / targets.var(/*unbiased=*/false).item<double>(), 1e-6);
}

TEST(Metrics, OfEqualTargetsExplainNothing) {
  const Scoring scoring{.loss = {.kind = nn::LossKind::kHuber}};
  const at::Tensor sums = metric_sums(scoring, at::zeros({3, 1}), at::full({3}, 2.0F), 3);
  const Metrics metrics = metrics_of(scoring, {sums.const_data_ptr<double>(), kMetricSums});
  EXPECT_EQ(metrics.at("rmse"), 2);
  EXPECT_EQ(metrics.at("loss"), 1.5);
  EXPECT_TRUE(std::isnan(metrics.at("r2")));
}

TEST(Metrics, AreShownInAFixedOrder) {
  EXPECT_EQ(to_string({{"accuracy_top5", 0.9996}, {"accuracy", 0.979}, {"loss", 0.0712}}),
            "loss 0.0712, accuracy 97.90 %, accuracy_top5 99.96 %");
  EXPECT_EQ(to_string({{"r2", 0.5}, {"mae", 2}, {"rmse", 3}, {"loss", 9}}),
            "loss 9.0000, rmse 3.0000, mae 2.0000, r2 0.5000");
}

}  // namespace
}  // namespace echelon::train::testing
