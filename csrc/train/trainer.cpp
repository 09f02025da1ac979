#include "train/trainer.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/class_names.h"
#include "common/error.h"
#include "common/file.h"
#include "common/log.h"
#include "optim/schedule.h"
#include "table/encoder_file.h"
#include "tokenizer/utf8.h"
#include "train/resume.h"
#include "train/save_checkpoint.h"

namespace echelon::train {
namespace {

checkpoint::Retention retention(const CheckpointSettings& settings) {
  return {.newest = settings.keep,
          .best = settings.keep_best,
          .metric = settings.best_by,
          .higher_is_better = train::higher_is_better(settings.best_by)};
}

int64_t total_steps(const TrainSettings& settings, int64_t steps_per_epoch) {
  return settings.steps ? *settings.steps : *settings.epochs * steps_per_epoch;
}

/// What the model's inputs and outputs mean: whoever uses it then needs the checkpoint alone.
std::map<std::string, std::string> texts_of(const TrainSettings& settings, const Job& job) {
  std::map<std::string, std::string> texts;
  if (const auto tables = job.tables()) {
    texts[checkpoint::kFeaturesFile] = table::render_encoder(tables->encoder());
  } else if (std::vector<std::string> names = job.train_data()->class_names(); !names.empty()) {
    for (std::string& name : names) name = tokenizer::replace_invalid_utf8(name);
    texts[checkpoint::kClassesFile] = checkpoint::render_class_names(names);
  }
  const auto* text = std::get_if<data::TextSettings>(&settings.data);
  if (text != nullptr && text->tokenizer)
    texts[checkpoint::kTokenizerFile] = read_file(text->tokenizer->path);
  return texts;
}

}  // namespace

Trainer::Trainer(const TrainSettings& settings, const std::string& resolved_config, fs::path run_directory,
                 Ranks& ranks, Job& job, fs::path resume_from)
    : settings_(settings),
      resolved_config_(resolved_config),
      run_directory_(std::move(run_directory)),
      ranks_(ranks),
      job_(job),
      tracer_(settings.trace, run_directory_ / "trace.json"),
      learner_(settings, ranks, job, &tracer_),
      evaluator_(job.make_evaluator()),
      order_(data::sample_order(*job.train_data(), job.loader_options())),
      resumed_from_(std::move(resume_from)) {
  if (!resumed_from_.empty()) resume(resumed_from_);
  total_steps_ = train::total_steps(settings, steps_per_epoch());
  if (job_.loads_data()) {
    loader_ = std::make_unique<data::TrainLoader>(job_.train_data(), job_.loader_options(),
                                                  step_ * job_.plan().global_batch);
  }
  if (ranks_.host().rank() != 0) return;
  store_ = std::make_unique<checkpoint::Store>(run_directory_ / kCheckpointsFolder,
                                               retention(settings.checkpoint));
  store_->set_aside_after(step_);
  texts_ = texts_of(settings, job_);
  recorder_ = std::make_unique<Recorder>(settings.log, run_directory_, step_, total_steps_, step_size());
}

StepSize Trainer::step_size() const {
  const auto* text = std::get_if<data::TextSettings>(&settings_.data);
  const int64_t samples = job_.plan().global_batch;
  return {.samples = samples, .tokens = text != nullptr ? samples * text->sequence_length : 0};
}

Scalars Trainer::source_epochs() const {
  const std::vector<double> epochs = order_.source_epochs(step_ * job_.plan().global_batch);
  Scalars scalars;
  for (const data::WeightedSource& source : job_.train_data()->sources())
    scalars.emplace_back(source.name, epochs[scalars.size()]);
  return scalars;
}

void Trainer::resume(const fs::path& folder) {
  const checkpoint::Checkpoint checkpoint(folder);  // rank 0 has verified the checksums
  const checkpoint::Manifest& manifest = checkpoint.manifest();
  if (manifest.consumed_samples != manifest.step * job_.plan().global_batch) {
    throw CheckpointError(str_format(
        "{}: was written with a global batch of {}, this run has {}; the order of the data would "
        "change. Set global_batch: {}, or start anew with checkpoint.resume: never",
        folder.string(), manifest.consumed_samples / std::max<int64_t>(1, manifest.step),
        job_.plan().global_batch, manifest.consumed_samples / std::max<int64_t>(1, manifest.step)));
  }
  if (manifest.seed != static_cast<uint64_t>(settings_.seed)) {
    throw CheckpointError(
        str_format("{}: was written with seed {}, this run has {}; set seed: {}, or start anew with "
                   "checkpoint.resume: never",
                   folder.string(), manifest.seed, settings_.seed, manifest.seed));
  }
  learner_.load(checkpoint);
  step_ = manifest.step;
  saved_step_ = step_;
  metrics_ = manifest.metrics;
}

TrainOutcome Trainer::run() {
  since_checkpoint_.restart();
  bool stopping = false;
  while (step_ < total_steps_ && !stopping) {
    stopping = train_one_step();
    if (recorder_) recorder_->pause();
    if (evaluation_due()) evaluate();
    if (checkpoint_due()) save();
    if (recorder_) recorder_->resume();
  }
  const bool finished = step_ >= total_steps_;
  if (finished && evaluated_step_ != step_) evaluate();
  if (saved_step_ != step_) save();
  return {.step = step_,
          .finished = finished,
          .metrics = metrics_,
          .skipped_training = skipped_on_all_ranks(),
          .skipped_test = evaluator_ ? evaluator_->skipped() : 0};
}

int64_t Trainer::skipped_on_all_ranks() {
  const bool counts = job_.runtime().has_first_stage();  // the last stage loads the same samples again
  at::Tensor skipped = at::tensor({counts ? loader_->skipped() : 0}, at::kLong);
  ranks_.host().all_reduce(skipped, Reduce::kSum, "skipped samples")->wait();
  return skipped.item<int64_t>();
}

bool Trainer::train_one_step() {
  const double learning_rate = optim::learning_rate(step_, total_steps_, settings_.optimizer);
  tracer_.begin_step(step_, job_.runtime());
  const StepReport report =
      learner_.advance(loader_.get(), step_, learning_rate, stop_request_.signal() != 0);
  tracer_.end_step(step_, job_.runtime(), ranks_.host());
  ++step_;
  if (recorder_) {
    recorder_->step({.step = step_,
                     .epoch = static_cast<double>(step_) / static_cast<double>(steps_per_epoch()),
                     .source_epochs = source_epochs(),
                     .loss = report.loss,
                     .learning_rate = learning_rate,
                     .gradient_norm = report.gradient_norm,
                     .seconds_waited_for_data = loader_->seconds_waited(),
                     .seconds_waited_for_comm = learner_.seconds_waited_for_comm()});
  }
  return report.stop_asked;
}

bool Trainer::evaluation_due() const {
  const EvaluateSettings& when = settings_.evaluate;
  if (when.every_steps && step_ % *when.every_steps == 0) return true;
  return when.every_epochs && step_ % (*when.every_epochs * steps_per_epoch()) == 0;
}

void Trainer::evaluate() {
  if (!evaluator_) return;
  std::optional<optim::WeightAverage::InUse> averaged;
  if (learner_.average() != nullptr) averaged.emplace(*learner_.average());
  metrics_ = evaluator_->run();
  evaluated_step_ = step_;
  if (recorder_) recorder_->evaluation(step_, metrics_);
}

bool Trainer::checkpoint_due() const {
  const CheckpointSettings& when = settings_.checkpoint;
  if (when.every_steps && step_ % *when.every_steps == 0) return true;
  return when.every_minutes > 0 && since_checkpoint_.seconds() >= when.every_minutes * 60;
}

void Trainer::save() {
  saved_step_ = step_;
  since_checkpoint_.restart();
  checkpoint::Contents contents = learner_.contents();
  contents.manifest.step = step_;
  contents.manifest.epoch = static_cast<double>(step_) / static_cast<double>(steps_per_epoch());
  contents.manifest.consumed_samples = step_ * job_.plan().global_batch;
  contents.manifest.seed = static_cast<uint64_t>(settings_.seed);
  contents.manifest.world_size = ranks_.host().size();
  contents.manifest.model_family = job_.model().spec().family;
  if (evaluated_step_ == step_) contents.manifest.metrics = metrics_;
  contents.manifest.config = resolved_config_;
  contents.texts = texts_;
  save_checkpoint(store_.get(), contents, ranks_.host());
}

}  // namespace echelon::train
