#include "prepare/output_state.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon::prepare {
namespace {

constexpr const char* kAdvice = "; choose another output, or set overwrite: true";

std::optional<Manifest> finished(const fs::path& folder) {
  const fs::path path = folder / kManifestFile;
  if (!fs::exists(path)) return std::nullopt;
  return parse_manifest(read_file(path), path.string());
}

bool all_there(const fs::path& folder, const Manifest& manifest) {
  return std::all_of(manifest.files.begin(), manifest.files.end(), [&](const StoredFile& file) {
    std::error_code error;
    return fs::file_size(folder / file.name, error) == static_cast<uintmax_t>(file.bytes);
  });
}

Manifest without_versions(Manifest manifest) {
  for (InputFile& input : manifest.inputs) input.version.clear();
  return manifest;
}

/// The manifest first, for what is no longer whole must not look so; the names of the rest are noted before,
/// or who is killed in between would leave files that nobody knows.
void remove_finished(const fs::path& folder, const Manifest& manifest) {
  const WorkFolder work(folder);
  work.discard();
  fs::create_directories(WorkFolder::of(folder) / "names");
  for (const StoredFile& file : manifest.files) work.note(file.name);
  fs::remove(folder / kManifestFile);
  work.discard();
}

/// Other files would be taken for a part of what is made.
void require_no_strangers(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name == ".lock" || name == ".prepare") continue;
    throw ConfigError(str_format("output: {} holds {}, which no preparation made; choose an empty folder",
                                 folder.string(), name));
  }
}

}  // namespace

OutputState take_output(const fs::path& folder, const Manifest& wanted, bool overwrite) {
  const WorkFolder work(folder);
  if (const std::optional<Manifest> made = finished(folder)) {
    const std::string ours = render_job(without_versions(wanted)), theirs = render_job(*made);
    if (ours == theirs && all_there(folder, *made)) {
      work.remove();  // left by who died between the manifest and this
      return OutputState::kComplete;
    }
    if (ours != theirs && !overwrite) {
      throw ConfigError(str_format("output: {} was made otherwise ({}){}", folder.string(),
                                   difference(ours, theirs), kAdvice));
    }
    remove_finished(folder, *made);
  }
  const std::string job = render_job(wanted);
  if (work.exists() && work.job() == job) {
    work.release();
    return OutputState::kBegun;
  }
  if (work.exists() && !overwrite) {
    throw ConfigError(str_format("output: in {} another preparation was begun ({}){}", folder.string(),
                                 difference(job, work.job()), kAdvice));
  }
  work.discard();
  require_no_strangers(folder);
  work.begin(job);
  return OutputState::kBegun;
}

}  // namespace echelon::prepare
