#include "train/learner.h"

#include <c10/core/GradMode.h>

#include <cmath>
#include <set>

#include "common/error.h"
#include "common/log.h"
#include "optim/clip.h"
#include "train/nan_guard.h"

namespace echelon::train {
namespace {

parallel::BucketOptions bucket_options(const parallel::ParallelSettings& settings) {
  constexpr double kMebibyte = 1 << 20;
  return {.bucket_bytes = static_cast<int64_t>(settings.bucket_mb * kMebibyte),
          .first_bucket_bytes = static_cast<int64_t>(settings.first_bucket_mb * kMebibyte),
          .find_unused = settings.find_unused};
}

StepOptions step_options(const TrainSettings& settings, const Job& job, at::Device device) {
  return {.plan = job.plan(),
          .seed = static_cast<uint64_t>(settings.seed),
          .precision = settings.precision,
          .device = device,
          .label_smoothing = settings.label_smoothing,
          .sync_batch_norm = settings.parallel.sync_batch_norm};
}

std::vector<optim::ParameterGroup> decay_groups(const std::vector<nn::NamedParameter>& parameters,
                                                const std::vector<at::Tensor>& gradients) {
  std::vector<optim::ParameterGroup> groups(2);
  groups[1].decay = false;
  for (size_t i = 0; i < parameters.size(); ++i) {
    optim::ParameterGroup& group = groups[parameters[i].decay ? 0 : 1];
    group.names.push_back(parameters[i].name);
    group.parameters.push_back(parameters[i].tensor.detach());
    group.gradients.push_back(gradients[i]);
  }
  std::erase_if(groups, [](const optim::ParameterGroup& group) { return group.names.empty(); });
  return groups;
}

std::unique_ptr<optim::WeightAverage> make_average(std::optional<double> decay,
                                                   const std::vector<nn::NamedParameter>& parameters) {
  if (!decay) return nullptr;
  std::vector<std::string> names;
  std::vector<at::Tensor> tensors;
  for (const auto& parameter : parameters) {
    names.push_back(parameter.name);
    tensors.push_back(parameter.tensor.detach());
  }
  return std::make_unique<optim::WeightAverage>(*decay, names, tensors);
}

}  // namespace

Learner::Learner(const TrainSettings& settings, Ranks& ranks, Job& job)
    : settings_(settings),
      ranks_(ranks),
      job_(job),
      buckets_(job.model().parameters(), ranks.group().device, bucket_options(settings.parallel)),
      statistics_(job.model(), ranks.group().device),
      training_step_(job.model(), ranks.group(), buckets_, statistics_,
                     step_options(settings, job, ranks.device())),
      optimizer_(optim::make_optimizer(settings.optimizer,
                                       decay_groups(job.model().parameters(), buckets_.gradients()))),
      average_(make_average(settings.ema_decay, job.model().parameters())) {}

StepReport Learner::advance(data::TrainLoader& loader, int64_t step, double learning_rate, bool stop_asked) {
  statistics_.remember();
  const StepOutcome outcome = training_step_.run(loader, step, stop_asked);
  const c10::NoGradGuard no_grad;
  const std::vector<at::Tensor> flat_gradients = buckets_.flat_gradients();
  const at::Tensor norm = optim::gradient_norm(flat_gradients);
  StepReport report{
      .loss = outcome.loss, .gradient_norm = norm.item<double>(), .stop_asked = outcome.stop_asked};
  report.applied = std::isfinite(report.loss) && std::isfinite(report.gradient_norm);
  if (!report.applied) {
    handle_not_finite(step);
    return report;
  }
  if (settings_.optimizer.clip_norm)
    optim::clip_gradients(flat_gradients, norm, *settings_.optimizer.clip_norm);
  optimizer_->step(learning_rate);
  if (average_) average_->update();
  return report;
}

void Learner::handle_not_finite(int64_t step) {
  data::TrainLoader same_batches(job_.train_data(), job_.loader_options(), step * job_.plan().global_batch);
  std::string where;
  {
    const c10::AutoGradMode with_gradients(true);
    where = locate_not_finite(training_step_, job_.model(), buckets_, same_batches, ranks_.host(), step);
  }
  statistics_.restore();
  if (settings_.on_nan == OnNotFinite::kStop) {
    throw NotFiniteError(where +
                         "; lower optimizer.lr, clip gradients (optimizer.clip_norm), or set on_nan: skip");
  }
  if (ranks_.host().rank() == 0) log::warning("{}; the step is skipped", where);
}

void Learner::store_in(checkpoint::Contents& contents) const {
  for (const auto& parameter : job_.model().parameters())
    contents.model[parameter.name] = parameter.tensor.detach();
  for (const auto& buffer : job_.model().buffers()) contents.model[buffer.name] = buffer.tensor;
  contents.optimizer = optimizer_->state();
  if (average_) contents.average = average_->state();
}

void Learner::load(const checkpoint::Checkpoint& checkpoint) {
  load_model(job_.model(), checkpoint, false);
  optimizer_->load_state(checkpoint.open(checkpoint::kOptimizerFile).views());
  if (average_) average_->load_state(checkpoint.open(checkpoint::kAverageFile).views());
}

void load_model(nn::LayeredModel& model, const checkpoint::Checkpoint& checkpoint, bool average) {
  const c10::NoGradGuard no_grad;
  const checkpoint::SafetensorsFile file = checkpoint.open(checkpoint::kModelFile);
  std::set<std::string> expected;
  const auto load = [&](const std::string& name, const at::Tensor& tensor) {
    file.copy_to(name, tensor);
    expected.insert(name);
  };
  for (const auto& parameter : model.parameters()) load(parameter.name, parameter.tensor);
  for (const auto& buffer : model.buffers()) load(buffer.name, buffer.tensor);
  for (const auto& entry : file.tensors()) {
    if (expected.contains(entry.name)) continue;
    throw CheckpointError(
        str_format("{}: tensor {} has no place in the model of this configuration; is it the right one?",
                   file.path().string(), entry.name));
  }
  if (!average) return;
  const checkpoint::SafetensorsFile averaged = checkpoint.open(checkpoint::kAverageFile);
  for (const auto& parameter : model.parameters()) averaged.copy_to(parameter.name, parameter.tensor);
}

}  // namespace echelon::train
