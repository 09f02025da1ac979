#include "train/run.h"

#include <cmath>

#include "checkpoint/checkpoint.h"
#include "comm/text_exchange.h"
#include "common/clock.h"
#include "common/log.h"
#include "train/load_model.h"
#include "train/resume.h"
#include "train/run_directory.h"
#include "train/summary.h"
#include "train/trainer.h"

namespace echelon::train {
namespace {

std::string run_name(const TrainSettings& settings, const RunRequest& request) {
  return settings.name.value_or(request.name);
}

void report_skipped(std::string_view split, int64_t samples, const data::Dataset& data) {
  if (samples > 0) log::info("skipped {} damaged {} samples (data.on_error: skip)", samples, split);
  if (data.left_out() > 0) {
    log::info("left out {} damaged {} samples or shards when they were opened (data.on_error: skip)",
              data.left_out(), split);
  }
}

void report_end(const TrainOutcome& outcome, const Trainer& trainer, const Job& job, const Stopwatch& watch) {
  report_skipped("training", outcome.skipped_training, *job.train_data());
  if (job.test_data()) report_skipped("test", outcome.skipped_test, *job.test_data());
  if (!outcome.finished) {
    log::info(
        "stopped by a signal after step {} of {}; the checkpoint is written, run the same command to go on",
        outcome.step, trainer.total_steps());
    return;
  }
  log::info("finished {} steps in {}", outcome.step, human_seconds(watch.seconds()));
  if (!outcome.metrics.empty()) log::info("test: {}", to_string(outcome.metrics));
}

ExitCode train_on(const TrainSettings& settings, const RunRequest& request, Ranks& ranks) {
  const Stopwatch watch;
  const std::string name = run_name(settings, request);
  const fs::path resume_from = choose_checkpoint(settings, fs::path(settings.output) / name, ranks.host());
  Job job(settings, ranks, stored_features(settings, resume_from));
  const fs::path directory =
      make_run_directory(settings.output, name, settings.checkpoint.resume == "never", ranks.host());
  Trainer trainer(settings, request.resolved_config, directory, ranks, job, resume_from);
  if (ranks.host().rank() == 0) {
    write_file_atomically(directory / "config.yaml", request.resolved_config);
    log::write_info(summarise(settings, name, ranks, job, trainer, directory));
  }
  const TrainOutcome outcome = trainer.run();
  report_end(outcome, trainer, job, watch);
  return outcome.finished ? ExitCode::kOk : ExitCode::kInterrupted;
}

/// Of the checkpoints in `folder` the one with the best metric; the newest where none has it.
checkpoint::Checkpoint best_checkpoint(const fs::path& folder, const std::string& metric) {
  std::optional<checkpoint::Checkpoint> best;
  const auto badness = [&metric](const checkpoint::Checkpoint& checkpoint) {
    const auto found = checkpoint.manifest().metrics.find(metric);
    if (found == checkpoint.manifest().metrics.end() || !std::isfinite(found->second)) return HUGE_VAL;
    return higher_is_better(metric) ? -found->second : found->second;
  };
  for (const auto& step : checkpoint::list_step_folders(folder)) {
    checkpoint::Checkpoint candidate(step.path);
    if (!best || badness(candidate) <= badness(*best)) best = std::move(candidate);
  }
  if (!best)
    throw CheckpointError(
        str_format("{} holds no checkpoint; train first, or give --checkpoint", folder.string()));
  best->verify();
  return *best;
}

ExitCode evaluate_on(const TrainSettings& settings, const RunRequest& request, Ranks& ranks) {
  if (data::loading_settings(settings.data).test.empty())
    throw ConfigError("data.test is not set, so there is nothing to evaluate on");
  const std::string chosen = text_of_root(ranks.host(), [&] {
    const fs::path checkpoints = fs::path(settings.output) / run_name(settings, request) / kCheckpointsFolder;
    const checkpoint::Checkpoint found = request.checkpoint.empty()
                                             ? best_checkpoint(checkpoints, settings.checkpoint.best_by)
                                             : checkpoint::open_checkpoint(request.checkpoint);
    return found.folder().string();
  });
  const checkpoint::Checkpoint checkpoint(chosen);
  Job job(settings, ranks, stored_features(settings, checkpoint.folder()));
  const std::unique_ptr<Evaluator> evaluator = job.make_evaluator();
  load_model(job.model(), checkpoint, checkpoint.has(checkpoint::kAverageFile));
  const Metrics metrics = evaluator->run();
  report_skipped("test", evaluator->skipped(), *job.test_data());
  log::info("{}, step {}: {}", checkpoint.folder().string(), checkpoint.manifest().step, to_string(metrics));
  return ExitCode::kOk;
}

}  // namespace

ExitCode train(const TrainSettings& settings, const RunRequest& request,
               const ProcessEnvironment& environment) {
  Ranks ranks(settings, environment);
  return guarded(ranks, [&] { return train_on(settings, request, ranks); });
}

ExitCode evaluate(const TrainSettings& settings, const RunRequest& request,
                  const ProcessEnvironment& environment) {
  Ranks ranks(settings, environment);
  return guarded(ranks, [&] { return evaluate_on(settings, request, ranks); });
}

}  // namespace echelon::train
