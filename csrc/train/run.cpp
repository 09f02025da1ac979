#include "train/run.h"

#include "common/clock.h"
#include "common/log.h"
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
  report_left_out(data, split);
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

}  // namespace

ExitCode train(const TrainSettings& settings, const RunRequest& request,
               const ProcessEnvironment& environment) {
  Ranks ranks(settings, environment);
  return guarded(ranks, [&] { return train_on(settings, request, ranks); });
}

}  // namespace echelon::train
