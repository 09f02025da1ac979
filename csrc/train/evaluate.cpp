#include "checkpoint/checkpoint.h"
#include "comm/text_exchange.h"
#include "common/file.h"
#include "common/log.h"
#include "train/load_model.h"
#include "train/resume.h"
#include "train/run.h"
#include "train/scoring/score_job.h"

namespace echelon::train {
namespace {

/// The folder of the run that the request names.
fs::path run_folder(const TrainSettings& settings, const RunRequest& request) {
  return fs::path(settings.output) / settings.name.value_or(request.name);
}

fs::path find_checkpoint(const TrainSettings& settings, const RunRequest& request, Communicator& comm) {
  return text_of_root(comm, [&] {
    const checkpoint::Checkpoint found =
        request.checkpoint.empty()
            ? best_checkpoint(run_folder(settings, request) / kCheckpointsFolder, settings.checkpoint.best_by)
            : checkpoint::open_checkpoint(request.checkpoint);
    return found.folder().string();
  });
}

/// The folder of the run that wrote the checkpoint, where that still lies in it.
fs::path run_of(const fs::path& checkpoint, const TrainSettings& settings, const RunRequest& request) {
  const fs::path folder = (checkpoint.has_filename() ? checkpoint : checkpoint.parent_path()).parent_path();
  return folder.filename() == kCheckpointsFolder && folder.has_parent_path() ? folder.parent_path()
                                                                             : run_folder(settings, request);
}

/// Before anything is computed: the folder is there, and files can be made in it.
void make_output_folder(const fs::path& folder, Communicator& comm) {
  run_on_root(comm, [&] {
    try {
      fs::create_directories(folder);
      const fs::path probe = folder / ".evaluation";
      write_file_atomically(probe, "");
      fs::remove(probe);
    } catch (const std::exception& error) {
      throw ConfigError(
          str_format("--output: the results cannot be written to {}: {}", folder.string(), error.what()));
    }
  });
}

void write_report(const EvaluationReport& report, const fs::path& folder, Communicator& comm) {
  run_on_root(comm, [&] {
    write_file_atomically(folder / "evaluation.json", to_json(report));
    write_file_atomically(folder / "evaluation.html", to_html(report));
  });
}

void tell(const EvaluationReport& report, const data::Dataset& data, const fs::path& folder) {
  if (report.skipped > 0) log::info("skipped {} damaged test samples (data.on_error: skip)", report.skipped);
  report_left_out(data, "test");
  log::info("{}, step {}: {}", report.checkpoint, report.step, to_string(report.metrics));
  log::info("written: {}", (folder / "evaluation.{json,html}").string());
}

ExitCode evaluate_on(const TrainSettings& settings, const RunRequest& request, Ranks& ranks) {
  if (data::loading_settings(settings.data).test.empty())
    throw ConfigError("data.test is not set, so there is nothing to evaluate on");
  const checkpoint::Checkpoint checkpoint(find_checkpoint(settings, request, ranks.host()));
  const fs::path run = run_of(checkpoint.folder(), settings, request);
  const fs::path folder = request.output.empty() ? run / "evaluation" : fs::path(request.output);
  make_output_folder(folder, ranks.host());
  Job job(settings, ranks, stored_features(settings, checkpoint.folder()));
  load_model(job.model(), checkpoint, checkpoint.has(checkpoint::kAverageFile));
  EvaluationReport report = score_job(settings, job, ranks.host());
  report.name = run.filename().string();
  report.checkpoint = checkpoint.folder().string();
  report.step = checkpoint.manifest().step;
  write_report(report, folder, ranks.host());
  tell(report, *job.test_data(), folder);
  return ExitCode::kOk;
}

}  // namespace

ExitCode evaluate(const TrainSettings& settings, const RunRequest& request,
                  const ProcessEnvironment& environment) {
  Ranks ranks(settings, environment);
  return guarded(ranks, [&] { return evaluate_on(settings, request, ranks); });
}

}  // namespace echelon::train
