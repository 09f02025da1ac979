#include "checkpoint/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <set>
#include <utility>

#include "checkpoint/wrap_errors.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "common/output_file.h"

namespace echelon::checkpoint {
namespace {

constexpr const char* kTemporary = ".tmp-";

fs::path temporary_name(const fs::path& path, const char* purpose = "") {
  return path.string() + str_format("{}{}{}", kTemporary, purpose, ::getpid());
}

void rename_path(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return;
  throw CheckpointError(
      str_format("cannot rename {} to {}: {}", from.string(), to.string(), std::strerror(errno)));
}

/// Out of sight first: a folder that is half removed must not look like a damaged checkpoint.
void remove_checkpoint(const fs::path& path) {
  const fs::path hidden = temporary_name(path, "removed-");
  rename_path(path, hidden);
  fs::remove_all(hidden);
}

/// Puts `temporary` at `path`, where another checkpoint of the same step may lie.
void put_in_place(const fs::path& temporary, const fs::path& path) {
  if (!fs::exists(fs::symlink_status(path))) return rename_path(temporary, path);
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(temporary);
    return;
  }
  // Not every file system can exchange.
  const fs::path old = temporary_name(path, "replaced-");
  rename_path(path, old);
  rename_path(temporary, path);
  fs::remove_all(old);
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return str_format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                    parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string free_space(const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  return error ? "" : str_format(" ({} are free there)", human_bytes(static_cast<double>(space.available)));
}

fs::path created(fs::path folder) {
  as_checkpoint_error([&] { fs::create_directories(folder); });
  return folder;
}

void write_manifest(const fs::path& folder, Manifest manifest, const std::vector<StoredFile>& files) {
  manifest.echelon_version = ECHELON_VERSION;
  manifest.created = utc_now();
  manifest.files = files;
  OutputFile file(folder / kManifestFile);
  const std::string text = render_manifest(manifest);
  file.write(std::as_bytes(std::span(text)));
  file.sync();
  sync_path(folder);
}

StoredFile write_text(const fs::path& folder, const std::string& name, const std::string& text) {
  return as_checkpoint_error([&]() -> StoredFile {
    OutputFile file(folder / name);
    file.write(std::as_bytes(std::span(text)));
    file.sync();
    return {name, file.bytes(), file.checksum()};
  });
}

void remove_leftovers(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-") && name.find(kTemporary) != std::string::npos) fs::remove_all(entry.path());
  }
}

}  // namespace

Store::Store(fs::path folder, Retention retention)
    : folder_(created(std::move(folder))),
      retention_(std::move(retention)),
      lock_(as_checkpoint_error([&] { return FolderLock(folder_); })) {
  as_checkpoint_error([&] { remove_leftovers(folder_); });
}

fs::path Store::save(const Contents& contents) {
  const int64_t step = contents.manifest.step;
  try {
    return commit(contents.manifest, write_files(begin(step), contents));
  } catch (const CheckpointError& error) {
    give_up(step, error.what());
  }
}

fs::path Store::begin(int64_t step) {
  const fs::path temporary = temporary_name(path_of(step));
  as_checkpoint_error([&] {
    fs::remove_all(temporary);
    fs::create_directory(temporary);
  });
  return temporary;
}

fs::path Store::commit(const Manifest& manifest, const std::vector<StoredFile>& files) {
  const fs::path path = path_of(manifest.step);
  const fs::path temporary = temporary_name(path);
  as_checkpoint_error([&] {
    write_manifest(temporary, manifest, files);
    put_in_place(temporary, path);
    sync_path(folder_);
  });
  try {
    as_checkpoint_error([&] { prune(); });
  } catch (const CheckpointError& error) {
    log::warning("an old checkpoint was not removed: {}", error.what());
  }
  return path;
}

void Store::give_up(int64_t step, const std::string& reason) {
  const std::string space = free_space(folder_);
  std::error_code ignored;
  fs::remove_all(temporary_name(path_of(step)), ignored);
  throw CheckpointError(
      str_format("the checkpoint of step {} was not written: {}{}; earlier checkpoints are untouched", step,
                 reason, space));
}

std::vector<StoredFile> write_files(const fs::path& folder, const Contents& contents) {
  std::vector<StoredFile> files;
  const auto add = [&](const char* kind, FilePart part, const NamedTensors& tensors) {
    if (tensors.empty()) return;
    const std::string name = part_file_name(kind, part);
    const WrittenFile written = write_safetensors(folder / name, tensors, {{"format", "pt"}});
    files.push_back({name, written.bytes, written.checksum});
  };
  as_checkpoint_error([&] {
    add(kModelFile, contents.part, contents.model);
    add(kOptimizerFile, contents.optimizer_part, contents.optimizer);
    add(kAverageFile, contents.part, contents.average);
    for (const auto& [name, text] : contents.texts) files.push_back(write_text(folder, name, text));
  });
  return files;
}

void Store::prune() const {
  struct Candidate {
    fs::path path;
    double badness;  // lower is better
  };
  std::vector<Candidate> intact;  // newest first
  const std::vector<StepFolder> found = list_step_folders(folder_);
  for (auto step = found.rbegin(); step != found.rend(); ++step) {
    try {
      const Checkpoint checkpoint(step->path);
      const auto& metrics = checkpoint.manifest().metrics;
      const auto metric = metrics.find(retention_.metric);
      const double value = metric == metrics.end() ? NAN : metric->second;
      intact.push_back({step->path, retention_.higher_is_better ? -value : value});
    } catch (const CheckpointError&) {
      // A damaged one counts for nothing and is left for a person to look at.
    }
  }
  const auto newest = static_cast<size_t>(std::max<int64_t>(1, retention_.newest));
  std::set<fs::path> kept;
  for (size_t i = 0; i < std::min(newest, intact.size()); ++i) kept.insert(intact[i].path);

  std::vector<Candidate> ranked;
  std::copy_if(intact.begin(), intact.end(), std::back_inserter(ranked),
               [](const auto& c) { return std::isfinite(c.badness); });
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.badness < b.badness; });
  const auto best = static_cast<size_t>(std::max<int64_t>(0, retention_.best));
  for (size_t i = 0; i < std::min(best, ranked.size()); ++i) kept.insert(ranked[i].path);

  for (const Candidate& candidate : intact) {
    if (kept.count(candidate.path) == 0) remove_checkpoint(candidate.path);
  }
}

int64_t Store::set_aside_after(int64_t step) {
  int64_t moved = 0;
  for (const StepFolder& found : list_step_folders(folder_)) {
    if (found.step <= step) continue;
    int64_t number = 1;
    const auto target = [&] { return fs::path(found.path.string() + str_format(".aside-{}", number)); };
    while (fs::exists(target())) ++number;
    rename_path(found.path, target());
    ++moved;
  }
  if (moved > 0) as_checkpoint_error([&] { sync_path(folder_); });
  return moved;
}

}  // namespace echelon::checkpoint
