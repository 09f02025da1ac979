#include "train/learner.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "nn/memory_pool.h"
#include "optim/clip.h"
#include "train/load_model.h"
#include "train/loss.h"
#include "train/nan_guard.h"

namespace echelon::train {
namespace {

parallel::BucketOptions bucket_options(const parallel::ParallelSettings& settings) {
  constexpr double kMebibyte = 1 << 20;
  return {.bucket_bytes = static_cast<int64_t>(settings.bucket_mb * kMebibyte),
          .first_bucket_bytes = static_cast<int64_t>(settings.first_bucket_mb * kMebibyte),
          .find_unused = settings.find_unused,
          .shard = settings.shard_optimizer};
}

StepOptions step_options(const TrainSettings& settings, const Job& job, at::Device device) {
  return {.plan = job.plan(),
          .seed = static_cast<uint64_t>(settings.seed),
          .precision = settings.precision,
          .device = device,
          .loss = loss_options(settings),
          .sync_batch_norm = settings.parallel.sync_batch_norm,
          .targets_per_sample = job.train_data()->targets_per_sample(),
          .rows_per_sample = job.train_data()->rows_per_sample()};
}

std::vector<optim::ParameterGroup> decay_groups(const std::vector<parallel::ModelGradients::Owned>& owned) {
  std::vector<optim::ParameterGroup> groups(2);
  groups[1].decay = false;
  for (const auto& [parameter, piece, stored_here] : owned) {
    optim::ParameterGroup& group = groups[parameter->decay ? 0 : 1];
    group.names.push_back(parameter->name);
    group.parameters.push_back(piece.values);
    group.gradients.push_back(piece.gradient);
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

/// The state of the optimizer as a checkpoint stores it: pieces of tensors under the names of pieces.
checkpoint::NamedTensors stored_state(const optim::Optimizer& optimizer,
                                      const std::vector<parallel::ModelGradients::Owned>& owned,
                                      bool first_rank) {
  const optim::State state = optimizer.state();
  checkpoint::NamedTensors stored;
  if (first_rank) stored[optim::kStepName] = state.at(optim::kStepName);
  for (const auto& [parameter, piece, stored_here] : owned) {
    if (!stored_here) continue;
    const bool whole = piece.end - piece.begin == parameter->tensor.numel();
    for (const std::string& name : optimizer.state_names(parameter->name))
      stored[whole ? name : checkpoint::piece_name(name, piece.begin, piece.end)] = state.at(name);
  }
  return stored;
}

std::set<std::string> parameter_names(const nn::LayeredModel& model) {
  std::set<std::string> names;
  for (const auto& parameter : model.parameters()) names.insert(parameter.name);
  return names;
}

}  // namespace

Learner::Learner(const TrainSettings& settings, Ranks& ranks, Job& job, Tracer* tracer)
    : settings_(settings),
      ranks_(ranks),
      job_(job),
      tracer_(tracer),
      gradients_(job.model(), ranks.groups(), job.layout(), bucket_options(settings.parallel)),
      statistics_(job.model(), ranks.groups().replicas().device),
      training_step_(job.model(), job.runtime(), ranks.groups(), gradients_, statistics_,
                     step_options(settings, job, ranks.device()), tracer),
      optimizer_(optim::make_optimizer(settings.optimizer, decay_groups(gradients_.owned()))),
      average_(make_average(settings.ema_decay, job.model().parameters())) {}

StepReport Learner::advance(data::TrainLoader* loader, int64_t step, double learning_rate, bool stop_asked) {
  statistics_.remember();
  const OwnOutcome own = training_step_.run(loader, step);
  PendingOutcome pending = training_step_.agree(own, stop_asked);
  TentativeUpdate update(*optimizer_, learning_rate);
  const double waited_before = own.is_finite() ? update_early(update, own, pending) : 0;
  const Stopwatch waiting;
  const StepOutcome outcome = training_step_.finish(std::move(pending));
  waited_for_others_ = waited_before + waiting.seconds();
  const StepReport report{.loss = outcome.loss,
                          .gradient_norm = outcome.gradient_norm,
                          .applied = outcome.is_finite(),
                          .stop_asked = outcome.stop_asked};
  if (!report.applied) {
    update.undo();
    handle_not_finite(step);
    return report;
  }
  const std::optional<double>& most = settings_.optimizer.clip_norm;
  const double clipping = most ? optim::clip_factor(report.gradient_norm, *most) : 1;
  clipped_ = clipping != 1;
  if (const double factor = outcome.factor * clipping; factor != 1) {
    update.undo();
    optim::scale_gradients(gradients_.owned_gradients(), factor);
  }
  const double start = steady_time();
  update.finish();
  if (tracer_ != nullptr) tracer_->add("optimizer", start, steady_time());
  gradients_.gather_parameters();
  if (average_) average_->update();
  return report;
}

double Learner::update_early(TentativeUpdate& update, const OwnOutcome& own, const PendingOutcome& pending) {
  const std::optional<double>& most = settings_.optimizer.clip_norm;
  // Where the last step was clipped this one will be, too; alone, a rank's part of the norm may be enough.
  if (most && (clipped_ || optim::clip_factor(std::sqrt(own.squared_norm), *most) < 1)) return 0;
  if (job_.train_data()->ignores_targets()) return 0;  // how many count is known when all are done
  constexpr int64_t kAlwaysRoom = 16 << 20;
  const Stopwatch watch;
  double waited = 0;
  while (!pending.work->done()) {
    waited = watch.seconds();
    if (waited + seconds_of_a_part_ >= waited_for_others_) {
      // The last part may have been disturbed: then one is tried again some steps later.
      if (update.parts_done() == 0) seconds_of_a_part_ /= 2;
      break;
    }
    const double start = steady_time();
    // What activations have left free is enough for most models, and then this takes no more memory.
    if (!update.advance(std::max(nn::reusable_bytes(ranks_.device()), kAlwaysRoom - update.bytes_kept())))
      break;
    const double end = steady_time();
    seconds_of_a_part_ = end - start;
    if (tracer_ != nullptr) tracer_->add("optimizer", start, end);
  }
  return waited;
}

void Learner::handle_not_finite(int64_t step) {
  std::optional<data::TrainLoader> same_batches;
  if (job_.loads_data())
    same_batches.emplace(job_.train_data(), job_.loader_options(), step * job_.plan().global_batch);
  const std::string where = locate_not_finite(training_step_, job_.model().spec(), gradients_,
                                              same_batches ? &*same_batches : nullptr, ranks_.host(), step);
  statistics_.restore();
  if (settings_.on_nan == OnNotFinite::kStop) {
    throw NotFiniteError(where +
                         "; lower optimizer.lr, clip gradients (optimizer.clip_norm), or set on_nan: skip");
  }
  if (ranks_.host().rank() == 0) log::warning("{}; the step is skipped", where);
}

checkpoint::Contents Learner::contents() const {
  const parallel::GridGroups& groups = ranks_.groups();
  const parallel::Grid& grid = groups.grid();
  checkpoint::Contents contents;
  contents.part = {groups.place(), grid.pipeline};
  for (const auto& parameter : job_.model().parameters()) {
    if (gradients_.stores(parameter.name)) contents.model[parameter.name] = parameter.tensor.detach();
  }
  if (groups.replica() == 0) {
    for (const auto& buffer : job_.model().buffers()) contents.model[buffer.name] = buffer.tensor;
  }
  const bool sharded = settings_.parallel.shard_optimizer && grid.replicas > 1;
  contents.optimizer_part =
      sharded ? checkpoint::FilePart{grid.rank(groups.place(), groups.replica()), grid.ranks()}
              : contents.part;
  if (sharded || groups.replica() == 0)
    contents.optimizer = stored_state(*optimizer_, gradients_.owned(), ranks_.host().rank() == 0);
  if (!average_) return contents;
  for (auto& [name, tensor] : average_->state()) {
    if (gradients_.stores(name)) contents.average[name] = tensor;
  }
  return contents;
}

void Learner::load(const checkpoint::Checkpoint& checkpoint) {
  load_model(job_.model(), checkpoint, false);
  load_optimizer(checkpoint);
  if (!average_) return;
  const checkpoint::LogicalTensors averages = checkpoint.tensors(checkpoint::kAverageFile);
  optim::State state = average_->state();
  for (auto& [name, tensor] : state) {
    tensor = at::empty_like(tensor);
    averages.copy(name, tensor);
  }
  average_->load_state(state);
}

void Learner::load_optimizer(const checkpoint::Checkpoint& checkpoint) {
  const checkpoint::LogicalTensors stored = checkpoint.tensors(checkpoint::kOptimizerFile);
  const std::set<std::string> parameters = parameter_names(nn::without_memory(job_.model().spec()));
  for (const std::string& name : stored.names()) {
    if (!optimizer_->knows(name, parameters)) {
      throw CheckpointError(str_format(
          "the checkpoint's '{}' has no place here: it comes from another optimizer or model", name));
    }
  }
  optim::State state;
  for (const auto& owned : gradients_.owned()) {
    for (const std::string& name : optimizer_->state_names(owned.parameter->name)) {
      at::Tensor& tensor = state[name] = at::empty_like(owned.piece.values);
      stored.copy(name, owned.parameter->tensor.sizes(), owned.piece.begin, tensor);
    }
  }
  at::Tensor& step = state[optim::kStepName] = at::empty({}, at::kLong);
  stored.copy(optim::kStepName, step);
  optimizer_->load_state(state);
}

}  // namespace echelon::train
