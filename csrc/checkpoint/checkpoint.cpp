#include "checkpoint/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "checkpoint/wrap_errors.h"
#include "common/checksum.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon::checkpoint {
namespace {

constexpr std::string_view kPrefix = "step-";

std::optional<int64_t> step_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int64_t step = 0;
  const char* end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + kPrefix.size(), end, step);
  if (error != std::errc() || stopped != end || step_folder_name(step) != name) return std::nullopt;
  return step;
}

void check_size(const fs::path& folder, const StoredFile& file) {
  const fs::path path = folder / file.name;
  std::error_code error;
  const uint64_t bytes = fs::file_size(path, error);
  if (error)
    throw CheckpointError(
        str_format("{} belongs to the checkpoint, but: {}", path.string(), error.message()));
  if (bytes != file.bytes) {
    throw CheckpointError(str_format("{} is {}: it has {} bytes, and had {} when it was written",
                                     path.string(), bytes < file.bytes ? "truncated" : "altered", bytes,
                                     file.bytes));
  }
}

void verify_file(const fs::path& folder, const StoredFile& file) {
  const MappedFile mapped = as_checkpoint_error([&] { return MappedFile(folder / file.name); });
  const std::string found = checksum_of(mapped.bytes());
  if (found == file.checksum) return;
  throw CheckpointError(str_format("{} was altered: its checksum is {}, and was {} when it was written",
                                   mapped.path().string(), found, file.checksum));
}

}  // namespace

Checkpoint::Checkpoint(fs::path folder) : folder_(std::move(folder)) {
  const fs::path path = folder_ / kManifestFile;
  manifest_ = parse_manifest(as_checkpoint_error([&] { return read_file(path); }), path.string());
  if (!has(kModelFile)) throw CheckpointError(str_format("{} lists no {}", path.string(), kModelFile));
  for (const StoredFile& file : manifest_.files) check_size(folder_, file);
}

std::vector<std::string> Checkpoint::parts_of(const std::string& file) const {
  const std::string stem = fs::path(file).stem().string() + "-";
  std::vector<std::string> parts;
  for (const StoredFile& stored : manifest_.files) {
    if (stored.name == file) return {file};
    if (stored.name.starts_with(stem)) parts.push_back(stored.name);
  }
  std::ranges::sort(parts);
  return parts;
}

bool Checkpoint::has(const std::string& file) const {
  return !parts_of(file).empty();
}

SafetensorsFile Checkpoint::open(const std::string& file) const {
  const bool listed = std::ranges::any_of(manifest_.files, [&](const auto& f) { return f.name == file; });
  if (!listed) throw CheckpointError(str_format("the checkpoint {} has no {}", folder_.string(), file));
  return SafetensorsFile(folder_ / file);
}

LogicalTensors Checkpoint::tensors(const std::string& file) const {
  const std::vector<std::string> parts = parts_of(file);
  if (parts.empty()) throw CheckpointError(str_format("the checkpoint {} has no {}", folder_.string(), file));
  std::vector<SafetensorsFile> files;  // numbers are missing where a writer had nothing
  for (const std::string& part : parts) files.emplace_back(folder_ / part);
  return LogicalTensors(std::move(files));
}

std::string Checkpoint::text(const std::string& file) const {
  return as_checkpoint_error([&] { return read_file(folder_ / file); });
}

void Checkpoint::verify() const {
  for (const StoredFile& file : manifest_.files) verify_file(folder_, file);
}

std::string part_file_name(const std::string& file, FilePart part) {
  if (part.count == 1) return file;
  const fs::path path(file);
  return str_format("{}-{:05}-of-{:05}{}", path.stem().string(), part.number + 1, part.count,
                    path.extension().string());
}

std::optional<Checkpoint> find_newest(const fs::path& folder) {
  const std::vector<StepFolder> found = list_step_folders(folder);
  for (auto candidate = found.rbegin(); candidate != found.rend(); ++candidate) {
    try {
      Checkpoint checkpoint(candidate->path);
      checkpoint.verify();
      return checkpoint;
    } catch (const CheckpointError& error) {
      log::warning("the checkpoint of step {} is damaged and passed over: {}", candidate->step, error.what());
    }
  }
  if (found.empty()) return std::nullopt;
  throw CheckpointError(
      str_format("every checkpoint in {} is damaged; restore one, or move the folder away to start anew",
                 folder.string()));
}

Checkpoint open_checkpoint(const fs::path& path) {
  fs::path chosen = path;
  if (!fs::exists(path / kManifestFile)) {
    const fs::path inner = path / "checkpoints";
    const std::vector<StepFolder> found = list_step_folders(fs::is_directory(inner) ? inner : path);
    if (found.empty()) {
      throw CheckpointError(
          str_format("{} {}", path.string(),
                     fs::exists(path) ? "is not a checkpoint and holds none" : "does not exist"));
    }
    chosen = found.back().path;
  }
  Checkpoint checkpoint(chosen);
  checkpoint.verify();
  return checkpoint;
}

std::vector<StepFolder> list_step_folders(const fs::path& folder) {
  std::vector<StepFolder> found;
  if (!fs::exists(folder)) return found;
  as_checkpoint_error([&] {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (const auto step = step_of(entry.path().filename().string())) found.push_back({*step, entry.path()});
    }
  });
  std::sort(found.begin(), found.end(),
            [](const StepFolder& a, const StepFolder& b) { return a.step < b.step; });
  return found;
}

std::string step_folder_name(int64_t step) {
  return str_format("{}{:08}", kPrefix, step);
}

}  // namespace echelon::checkpoint
