#include "train/runs.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "comm/local/local.h"
#include "optim/schedule.h"
#include "train/learner.h"

namespace echelon::train::testing {
namespace {

const std::string kData = std::string(ECHELON_SOURCE_DIR) + "/configs/data/";

TrainSettings common_run(Precision precision) {
  TrainSettings settings;
  settings.precision = precision;
  settings.seed = 7;
  settings.steps = 50;
  settings.device = "cpu";
  settings.optimizer.name = "adamw";
  settings.optimizer.lr = 1e-3;
  settings.optimizer.weight_decay = 0.1;
  settings.optimizer.clip_norm = 1.0;
  settings.optimizer.schedule.name = "cosine";
  settings.optimizer.schedule.warmup_steps = 5;
  return settings;
}

}  // namespace

TrainSettings convnet_run(Precision precision, double dropout) {
  TrainSettings settings = common_run(precision);
  settings.model = models::ConvnetSettings{.channels = {8, 16}, .hidden = 32, .dropout = dropout};
  data::ImageSettings images;
  images.train = {{kData + "mnist5k/train-000.tar"}};
  images.size = 28;
  images.channels = 1;
  settings.data = images;
  settings.global_batch = 16;
  return settings;
}

TrainSettings gpt_run(Precision precision, double dropout) {
  TrainSettings settings = common_run(precision);
  settings.model = models::GptSettings{
      .layers = 2, .heads = 2, .width = 32, .context = 32, .vocabulary = 256, .dropout = dropout};
  data::TextSettings text;
  text.train = {{kData + "text/test.txt"}};
  text.sequence_length = 32;
  settings.data = text;
  settings.global_batch = 8;
  return settings;
}

TrainSettings deep_gpt_run(Precision precision, double dropout) {
  TrainSettings settings = gpt_run(precision, dropout);
  std::get<models::GptSettings>(settings.model).layers = 6;
  settings.micro_batch = 1;
  return settings;
}

TrainSettings resnet_run(Precision precision) {
  TrainSettings settings = convnet_run(precision);
  settings.model = models::ResnetSettings{
      .depth = 18, .input = {1, 28, 28}, .classes = 10, .base_width = 4, .norm = "group", .norm_groups = 2};
  settings.global_batch = 8;
  settings.micro_batch = 1;
  return settings;
}

Trace train_with_threads(const TrainSettings& settings, int ranks, int64_t steps) {
  Trace trace;
  run_ranks(ranks, [&](Communicator& comm) {
    Trace own = train_steps(settings, comm, steps);
    if (comm.rank() == 0) trace = std::move(own);
  });
  return trace;
}

Trace train_steps(const TrainSettings& settings, Communicator& comm, int64_t steps) {
  Ranks ranks(comm, settings.parallel.pipeline);
  Job job(settings, ranks);
  Learner learner(settings, ranks, job);
  std::optional<data::TrainLoader> loader;
  if (job.loads_data()) loader.emplace(job.train_data(), job.loader_options(), 0);
  Trace trace;
  for (int64_t step = 0; step < steps; ++step) {
    const double learning_rate = optim::learning_rate(step, *settings.steps, settings.optimizer);
    const StepReport report = learner.advance(loader ? &*loader : nullptr, step, learning_rate, false);
    trace.losses.push_back(report.loss);
    trace.gradient_norms.push_back(report.gradient_norm);
  }
  for (const auto& parameter : job.model().parameters()) {
    trace.weights.push_back(parameter.tensor.detach().to(at::kDouble).clone());
  }
  ranks.finalize();
  return trace;
}

double largest_relative_difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]) / std::max(std::abs(a[i]), std::abs(b[i])));
  }
  return largest;
}

}  // namespace echelon::train::testing
