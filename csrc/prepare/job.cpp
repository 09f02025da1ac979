#include "prepare/job.h"

#include <ATen/ATen.h>

#include <optional>

#include "comm/text_exchange.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/folder_lock.h"
#include "common/format.h"
#include "common/log.h"
#include "common/progress_bar.h"
#include "prepare/json_parts.h"
#include "prepare/output_state.h"
#include "prepare/unit_runner.h"

namespace echelon::prepare {
namespace {

constexpr double kSecondsBetweenLooks = 0.25;
constexpr double kSecondsBetweenLines = 10;

/// How far all ranks together are.
struct Standing {
  int64_t working = 0;  ///< ranks
  int64_t made = 0;     ///< units, in this attempt
  int64_t failed = 0;   ///< ranks
};

Standing agree(Communicator& comm, const Standing& own) {
  const at::Tensor sum = at::tensor({own.working, own.made, own.failed}, at::kLong);
  comm.all_reduce(sum, Reduce::kSum, "units made")->wait();
  const auto* values = sum.const_data_ptr<int64_t>();
  return {values[0], values[1], values[2]};
}

/// What rank 0 shows.
class Progress {
 public:
  Progress(int64_t units, int64_t done_before) : units_(units), before_(done_before) {}

  void show(int64_t made) {
    const int64_t done = before_ + made;
    const double left =
        made > 0 ? watch_.seconds() / static_cast<double>(made) * static_cast<double>(units_ - done) : 0;
    const std::string facts =
        str_format("{} of {} units{}", done, units_, made > 0 ? ", left " + human_seconds(left) : "");
    bar_.show(static_cast<double>(done) / static_cast<double>(std::max<int64_t>(units_, 1)), facts);
    if (since_line_.seconds() < kSecondsBetweenLines) return;
    log::write_info(facts);
    since_line_.restart();
  }

 private:
  int64_t units_, before_;
  ProgressBar bar_;
  Stopwatch watch_, since_line_;
};

std::string render_failure(const UnitFailure& failure) {
  return Json(
             {{"unit", failure.unit}, {"code", static_cast<int>(failure.code)}, {"message", failure.message}})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Throws on every rank what the first unit to fail threw.
[[noreturn]] void throw_first(const std::optional<UnitFailure>& own, Communicator& comm) {
  std::optional<UnitFailure> first;
  for (const std::string& text : gather_texts(comm, own ? render_failure(*own) : "", "failures")) {
    if (text.empty()) continue;
    const Json json = Json::parse(text);
    if (first && first->unit <= json.at("unit")) continue;
    first = {json.at("unit"), static_cast<ExitCode>(json.at("code").get<int>()), json.at("message")};
  }
  throw Error(first->code, first->message);
}

void make_units(const Task& task, const OutputFolder& folder, int threads, int64_t done_before,
                Communicator& comm) {
  UnitRunner runner(task, folder, threads, static_cast<double>(comm.rank()) / comm.size());
  std::optional<Progress> progress;
  if (comm.rank() == 0) progress.emplace(task.units(), done_before);
  for (;;) {
    const bool ended = runner.wait(kSecondsBetweenLooks);
    const Standing all =
        agree(comm, {.working = !ended, .made = runner.made(), .failed = runner.failure().has_value()});
    if (all.failed > 0) runner.stop();
    if (progress) progress->show(all.made);
    if (all.working > 0) continue;
    if (all.failed > 0) throw_first(runner.failure(), comm);
    return;
  }
}

int64_t units_done(const WorkFolder& work, int64_t units) {
  int64_t done = 0;
  for (int64_t unit = 0; unit < units; ++unit) done += work.output_of(unit).has_value();
  return done;
}

/// On rank 0: from the units that are all made to the manifest.
Manifest complete(const Task& task, const OutputFolder& folder, Manifest manifest) {
  const WorkFolder work(folder.path());
  std::vector<UnitOutput> units;
  for (int64_t unit = 0; unit < task.units(); ++unit) {
    std::optional<UnitOutput> output = work.output_of(unit);
    if (!output) {  // claimed by a rank of an earlier attempt that died only now
      output = task.make(unit, folder);
      work.record(unit, *output);
    }
    units.push_back(std::move(*output));
  }
  const UnitOutput last = task.finish(units, folder);
  units.push_back(last);
  for (const UnitOutput& unit : units) {
    add_counts(manifest.counts, unit.counts);
    for (const StoredFile& file : unit.files) {
      if (fs::exists(folder.path() / file.name)) manifest.files.push_back(file);  // else: intermediate
    }
  }
  write_file_atomically(folder.path() / kManifestFile, render_manifest(manifest));
  work.remove();
  return manifest;
}

void report(const Manifest& manifest, const fs::path& folder, double seconds) {
  int64_t read = 0, written = 0;
  for (const InputFile& input : manifest.inputs) read += input.bytes;
  for (const StoredFile& file : manifest.files) written += file.bytes;
  log::info("{}: {} in {} files, {}; read {} in {} ({}/s)", folder.string(), describe_counts(manifest.counts),
            manifest.files.size(), human_bytes(static_cast<double>(written)),
            human_bytes(static_cast<double>(read)), human_seconds(seconds),
            human_bytes(static_cast<double>(read) / std::max(seconds, 1e-3)));
}

}  // namespace

void run_job(const JobSettings& settings, const Task& task, Communicator& comm) {
  const Stopwatch watch;
  const Manifest wanted{.kind = settings.kind, .settings = settings.settings, .inputs = task.inputs()};
  std::optional<FolderLock> lock;  // rank 0's
  const std::string begun = text_of_root(comm, [&]() -> std::string {
    fs::create_directories(settings.output);
    lock.emplace(settings.output);
    if (take_output(settings.output, wanted, settings.overwrite) == OutputState::kComplete) return "";
    return str_format("{}", units_done(WorkFolder(settings.output), task.units()));
  });
  if (begun.empty()) return log::info("{} is complete already", settings.output.string());
  const int64_t done_before = std::stoll(begun);
  if (done_before > 0) log::info("going on: {} of {} units are done", done_before, task.units());
  const OutputFolder folder(settings.output);
  make_units(task, folder, settings.threads, done_before, comm);
  text_of_root(comm, [&]() -> std::string {
    report(complete(task, folder, wanted), settings.output, watch.seconds());
    return "";
  });
}

}  // namespace echelon::prepare
