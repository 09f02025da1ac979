#include "work/work_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

#include "common/error.h"
#include "common/format.h"
#include "work/json_parts.h"

namespace echelon::work {
namespace {

/// False where `flags` has O_EXCL and the file is there.
bool create_empty(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
  if (descriptor >= 0) ::close(descriptor);
  if (descriptor < 0 && (errno != EEXIST || (flags & O_EXCL) == 0))
    throw Error(ExitCode::kData, str_format("cannot create {}: {}", path.string(), std::strerror(errno)));
  return descriptor >= 0;
}

}  // namespace

WorkFolder::WorkFolder(fs::path output, fs::path path, std::string attempt)
    : output_(std::move(output)), path_(std::move(path)), attempt_(std::move(attempt)) {}

fs::path WorkFolder::record_path(int64_t unit) const {
  return path_ / "done" / str_format("{:08}.json", unit);
}

void WorkFolder::begin(const std::string& job) {
  fs::create_directories(path_ / "done");
  fs::create_directories(path_ / "intermediate");
  fs::create_directories(path_ / "names");
  release();
  write_file_atomically(path_ / "job.json", job);  // last: without it nothing was begun
}

void WorkFolder::release() {
  end_attempts();
  std::random_device random;
  attempt_ = str_format("{:08x}{:08x}", random(), random());
  fs::create_directories(claims());
  fs::create_directories(fresh());
}

void WorkFolder::end_attempts() const {
  if (!fs::exists(path_)) return;
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("claims.") || name.starts_with("new.")) folders.push_back(entry.path());
  }
  for (const fs::path& folder : folders) fs::remove_all(folder);
}

bool WorkFolder::claim(int64_t unit) const {
  return create_empty(claims() / str_format("{:08}", unit), O_EXCL);
}

std::optional<UnitOutput> WorkFolder::output_of(int64_t unit) const {
  const fs::path record = record_path(unit);
  if (!fs::exists(record)) return std::nullopt;
  UnitOutput output = parse_output(read_file(record), record.string());
  const bool there = std::all_of(output.files.begin(), output.files.end(), [&](const StoredFile& file) {
    std::error_code error;
    for (const fs::path& folder : {output_, path_ / "intermediate"}) {
      if (fs::file_size(folder / file.name, error) == static_cast<uintmax_t>(file.bytes)) return true;
    }
    return false;
  });
  return there ? std::optional(std::move(output)) : std::nullopt;
}

void WorkFolder::record(int64_t unit, const UnitOutput& output) const {
  const fs::path record = record_path(unit), temporary = fresh() / record.filename();
  write_file_atomically(temporary, render_output(output));  // which fails when the attempt is over
  fs::rename(temporary, record);
  sync_path(record.parent_path());
}

void WorkFolder::note(const std::string& name) const {
  const fs::path path = path_ / "names" / name;
  fs::create_directories(path.parent_path());
  create_empty(path, 0);
}

void WorkFolder::discard() const {
  end_attempts();  // or they might still give files their names
  const fs::path names = path_ / "names";
  if (fs::exists(names)) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(names)) {
      if (!entry.is_directory()) remove_file(entry.path().lexically_relative(names));
    }
  }
  remove();
}

void WorkFolder::remove_file(const fs::path& name) const {
  fs::remove(output_ / name);
  std::error_code not_empty;
  for (fs::path folder = name.parent_path(); !folder.empty() && !not_empty; folder = folder.parent_path())
    fs::remove(output_ / folder, not_empty);
}

void WorkFolder::remove() const {
  fs::remove(path_ / "job.json");  // first: what is half removed is nothing to go on from
  fs::remove_all(path_);
}

std::string render_output(const UnitOutput& output) {
  return to_text({{"files", to_json(output.files)}, {"counts", to_json(output.counts)}});
}

UnitOutput parse_output(const std::string& text, const std::string& name) {
  return parse_json(text, name, [](const Json& json) {
    return UnitOutput{files_from(json.at("files")), counts_from(json.at("counts"))};
  });
}

}  // namespace echelon::work
