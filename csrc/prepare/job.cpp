#include "prepare/job.h"

#include <algorithm>
#include <optional>

#include "comm/text_exchange.h"
#include "common/clock.h"
#include "common/folder_lock.h"
#include "common/format.h"
#include "common/log.h"
#include "prepare/output_state.h"
#include "work/make_units.h"

namespace echelon::prepare {
namespace {

/// On rank 0: from the units that are all made to the manifest.
Manifest complete(const work::Task& task, const work::OutputFolder& folder, Manifest manifest) {
  std::vector<work::UnitOutput> units = work::outputs_of_units(task, folder);
  const work::UnitOutput last = task.finish(units, folder);
  units.push_back(last);
  for (const work::UnitOutput& unit : units) {
    work::add_counts(manifest.counts, unit.counts);
    for (const work::StoredFile& file : unit.files) {
      if (fs::exists(folder.path() / file.name)) manifest.files.push_back(file);  // else: intermediate
    }
  }
  write_file_atomically(folder.path() / kManifestFile, render_manifest(manifest));
  folder.work().remove();
  return manifest;
}

void report(const Manifest& manifest, const fs::path& folder, double seconds) {
  int64_t read = 0, written = 0;
  for (const work::InputFile& input : manifest.inputs) read += input.bytes;
  for (const work::StoredFile& file : manifest.files) written += file.bytes;
  log::info("{}: {} in {} files, {}; read {} in {} ({}/s)", folder.string(),
            work::describe_counts(manifest.counts), manifest.files.size(),
            human_bytes(static_cast<double>(written)), human_bytes(static_cast<double>(read)),
            human_seconds(seconds), human_bytes(static_cast<double>(read) / std::max(seconds, 1e-3)));
}

}  // namespace

void run_job(const JobSettings& settings, const work::Task& task, Communicator& comm) {
  const Stopwatch watch;
  const Manifest wanted{.kind = settings.kind, .settings = settings.settings, .inputs = task.inputs()};
  std::optional<FolderLock> lock;  // rank 0's
  const std::string attempt = text_of_root(comm, [&]() -> std::string {
    fs::create_directories(settings.output);
    lock.emplace(settings.output);
    const auto work = take_output(settings.output, wanted, settings.overwrite);
    return work ? work->attempt() : "";
  });
  if (attempt.empty()) return log::info("{} is complete already", settings.output.string());
  const work::OutputFolder folder(work_folder_of(settings.output, attempt));
  work::make_units(task, folder, {.threads = settings.threads}, comm);
  run_on_root(comm, [&] { report(complete(task, folder, wanted), settings.output, watch.seconds()); });
}

}  // namespace echelon::prepare
