#include "prepare/output_state.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "work/job_text.h"

namespace echelon::prepare {
namespace {

constexpr const char* kWorkFolder = ".prepare";
constexpr const char* kAdvice = "; choose another output, or set overwrite: true";

std::optional<Manifest> finished(const fs::path& folder) {
  const fs::path path = folder / kManifestFile;
  if (!fs::exists(path)) return std::nullopt;
  return parse_manifest(read_file(path), path.string());
}

bool all_there(const fs::path& folder, const Manifest& manifest) {
  return std::all_of(manifest.files.begin(), manifest.files.end(), [&](const work::StoredFile& file) {
    std::error_code error;
    return fs::file_size(folder / file.name, error) == static_cast<uintmax_t>(file.bytes);
  });
}

std::string job_of(const Manifest& manifest) {
  return work::render_job(manifest.kind, manifest.settings, manifest.inputs);
}

Manifest without_versions(Manifest manifest) {
  for (work::InputFile& input : manifest.inputs) input.version.clear();
  return manifest;
}

/// The manifest first, for what is no longer whole must not look so; the names of the rest are noted before,
/// or who is killed in between would leave files that nobody knows.
void remove_finished(const fs::path& folder, const Manifest& manifest) {
  const work::WorkFolder work = work_folder_of(folder);
  work.discard();
  fs::create_directories(work.path() / "names");
  for (const work::StoredFile& file : manifest.files) work.note(file.name);
  fs::remove(folder / kManifestFile);
  work.discard();
}

/// Other files would be taken for a part of what is made.
void require_no_strangers(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name == ".lock" || name == kWorkFolder) continue;
    throw ConfigError(str_format("output: {} holds {}, which no preparation made; choose an empty folder",
                                 folder.string(), name));
  }
}

}  // namespace

work::WorkFolder work_folder_of(const fs::path& output, const std::string& attempt) {
  return {output, output / kWorkFolder, attempt};
}

std::optional<work::WorkFolder> take_output(const fs::path& folder, const Manifest& wanted, bool overwrite) {
  work::WorkFolder work = work_folder_of(folder);
  if (const std::optional<Manifest> made = finished(folder)) {
    const std::string ours = job_of(without_versions(wanted)), theirs = job_of(*made);
    if (ours == theirs && all_there(folder, *made)) {
      work.remove();  // left by who died between the manifest and this
      return std::nullopt;
    }
    if (ours != theirs && !overwrite) {
      throw ConfigError(str_format("output: {} was made otherwise ({}){}", folder.string(),
                                   work::difference(ours, theirs), kAdvice));
    }
    remove_finished(folder, *made);
  }
  const std::string job = job_of(wanted);
  if (work.exists() && work.job() == job) {
    work.release();
    return work;
  }
  if (work.exists() && !overwrite) {
    throw ConfigError(str_format("output: in {} another preparation was begun ({}){}", folder.string(),
                                 work::difference(job, work.job()), kAdvice));
  }
  work.discard();
  require_no_strangers(folder);
  work.begin(job);
  return work;
}

}  // namespace echelon::prepare
