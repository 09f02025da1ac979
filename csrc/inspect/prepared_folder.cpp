#include "common/checksum.h"
#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "inspect/subjects.h"
#include "prepare/manifest.h"
#include "storage/local_file.h"

namespace echelon::inspect {
namespace {

constexpr size_t kShownFiles = 20;

std::string size_of(int64_t bytes) {
  return human_bytes(static_cast<double>(bytes));
}

std::string checksum_of(const storage::InputFile& file) {
  Checksum checksum;
  std::vector<uint8_t> block(size_t{4} << 20);
  file.expect_sequential_reads();
  for (int64_t at = 0; at < file.size(); at += static_cast<int64_t>(block.size())) {
    block.resize(static_cast<size_t>(std::min(static_cast<int64_t>(block.size()), file.size() - at)));
    file.read(at, block);
    checksum.update(std::as_bytes(std::span(block)));
  }
  return checksum.hex();
}

/// What is wrong with a file; empty: nothing.
std::string problem_of(const fs::path& folder, const work::StoredFile& stored) {
  try {
    const storage::InputFile file((folder / stored.name).string());
    if (file.size() != stored.bytes)
      return str_format("{} has {} bytes, the manifest says {}", stored.name, file.size(), stored.bytes);
    const std::string found = checksum_of(file);
    return found == stored.checksum ? ""
                                    : str_format("{} was altered: its checksum is {}, the manifest says {}",
                                                 stored.name, found, stored.checksum);
  } catch (const DataError& error) {
    return error.what();
  }
}

void list_files(const std::vector<work::StoredFile>& files, Report& report) {
  size_t width = 0;
  for (const work::StoredFile& file : files) width = std::max(width, file.name.size());
  for (size_t i = 0; i < std::min(files.size(), kShownFiles); ++i) {
    report.line(str_format("  {:<{}}  {:>10}  {}", files[i].name, width, size_of(files[i].bytes),
                           work::describe_counts(files[i].counts)));
  }
  if (files.size() > kShownFiles) report.line(str_format("  and {} more", files.size() - kShownFiles));
}

}  // namespace

bool is_prepared_folder(const std::string& path) {
  const fs::path manifest = fs::path(path) / prepare::kManifestFile;
  return fs::exists(manifest) && prepare::is_manifest(read_file(manifest));
}

Report inspect_prepared_folder(const std::string& path) {
  const fs::path folder = path, name = folder / prepare::kManifestFile;
  const prepare::Manifest manifest = prepare::parse_manifest(read_file(name), name.string());
  Report report(str_format("prepared data {}", path));
  report.row("kind", manifest.kind);
  report.row("holds", work::describe_counts(manifest.counts));
  int64_t read = 0, written = 0;
  for (const work::InputFile& input : manifest.inputs) read += input.bytes;
  for (const work::StoredFile& file : manifest.files) written += file.bytes;
  report.row("made of", str_format("{} {}, {}", manifest.inputs.size(),
                                   manifest.inputs.size() == 1 ? "input" : "inputs", size_of(read)));
  for (const work::StoredFile& file : manifest.files) {
    const std::string problem = problem_of(folder, file);
    if (!problem.empty()) report.problem(problem);
  }
  report.row("files", str_format("{}, {}, {}", manifest.files.size(), size_of(written),
                                 report.problems() == 0 ? "checksums verified" : "damaged"));
  list_files(manifest.files, report);
  report.line("settings");
  for (size_t at = 0; at < manifest.settings.size();) {
    const size_t end = std::min(manifest.settings.find('\n', at), manifest.settings.size());
    report.line("  " + manifest.settings.substr(at, end - at));
    at = end + 1;
  }
  return report;
}

}  // namespace echelon::inspect
