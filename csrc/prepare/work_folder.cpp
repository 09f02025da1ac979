#include "prepare/work_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "prepare/json_parts.h"

namespace echelon::prepare {
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

fs::path WorkFolder::record_path(int64_t unit) const {
  return path_ / "done" / str_format("{:08}.json", unit);
}

void WorkFolder::begin(const std::string& job) const {
  fs::create_directories(path_ / "done");
  fs::create_directories(path_ / "intermediate");
  fs::create_directories(path_ / "names");
  release();
  write_file_atomically(path_ / "job.json", job);  // last: without it nothing was begun
}

void WorkFolder::release() const {
  for (const char* folder : {"claims", "new"}) {
    fs::remove_all(path_ / folder);
    fs::create_directories(path_ / folder);
  }
}

bool WorkFolder::claim(int64_t unit) const {
  return create_empty(path_ / "claims" / str_format("{:08}", unit), O_EXCL);
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
  write_file_atomically(record_path(unit), render_output(output));
}

void WorkFolder::note(const std::string& name) const {
  create_empty(path_ / "names" / name, 0);
}

void WorkFolder::discard() const {
  if (fs::exists(path_ / "names")) {
    for (const fs::directory_entry& entry : fs::directory_iterator(path_ / "names"))
      fs::remove(output_ / entry.path().filename());
  }
  remove();
}

void WorkFolder::remove() const {
  fs::remove_all(path_);
}

std::string render_job(const Manifest& manifest) {
  Json inputs = Json::array();
  for (const InputFile& input : manifest.inputs)
    inputs.push_back({{"name", input.name}, {"bytes", input.bytes}, {"version", input.version}});
  return to_text({{"echelon", ECHELON_VERSION},
                  {"kind", manifest.kind},
                  {"settings", manifest.settings},
                  {"inputs", inputs}});
}

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string differing_setting(const std::string& ours, const std::string& theirs) {
  const std::vector<std::string> a = lines_of(ours), b = lines_of(theirs);
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string left = i < a.size() ? a[i] : "", right = i < b.size() ? b[i] : "";
    if (left != right) return str_format("'{}' instead of '{}'", left, right);
  }
  return "settings";
}

}  // namespace

std::string difference(const std::string& ours, const std::string& theirs) {
  const auto parse = [](const std::string& text) {
    return parse_json(text, "job.json", [](const Json& json) { return json; });
  };
  const Json a = parse(ours), b = parse(theirs);
  for (const char* key : {"echelon", "kind"}) {
    if (a.at(key) != b.at(key)) return str_format("{} instead of {}", a.at(key).dump(), b.at(key).dump());
  }
  if (a.at("settings") != b.at("settings"))
    return differing_setting(a.at("settings").get<std::string>(), b.at("settings").get<std::string>());
  const Json &left = a.at("inputs"), &right = b.at("inputs");
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i] == right[i]) continue;
    const auto name = left[i].at("name").get<std::string>(), other = right[i].at("name").get<std::string>();
    return name == other ? str_format("{} has changed", name) : str_format("{} instead of {}", name, other);
  }
  return str_format("{} inputs instead of {}", left.size(), right.size());
}

std::string render_output(const UnitOutput& output) {
  return to_text({{"files", to_json(output.files)}, {"counts", to_json(output.counts)}});
}

UnitOutput parse_output(const std::string& text, const std::string& name) {
  return parse_json(text, name, [](const Json& json) {
    return UnitOutput{files_from(json.at("files")), counts_from(json.at("counts"))};
  });
}

}  // namespace echelon::prepare
