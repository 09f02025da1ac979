#include "work/new_file.h"

#include <random>
#include <system_error>

#include "common/error.h"
#include "common/format.h"

namespace echelon::work {

NewFile::NewFile(fs::path folder, const fs::path& work, std::string name)
    : folder_(std::move(folder)),
      temporary_(work / str_format("{}.{:08x}", fs::path(name).filename().string(), std::random_device()())),
      name_(std::move(name)),
      file_(temporary_) {}

NewFile::~NewFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temporary_, ignored);
}

void NewFile::write(std::span<const std::byte> bytes) {
  file_.write(bytes);
}

StoredFile NewFile::commit() {
  file_.sync();
  const fs::path path = folder_ / name_;
  std::error_code error;
  if (path.parent_path() != folder_) fs::create_directories(path.parent_path(), error);
  if (!error) fs::rename(temporary_, path, error);
  if (error) throw Error(ExitCode::kData, "cannot create " + path.string() + ": " + error.message());
  committed_ = true;
  sync_path(path.parent_path());
  return {.name = name_, .bytes = bytes(), .checksum = file_.checksum()};
}

}  // namespace echelon::work
