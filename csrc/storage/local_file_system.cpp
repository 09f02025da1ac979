#include <algorithm>
#include <filesystem>

#include "storage/file_system.h"
#include "storage/local_file.h"
#include "storage/unavailable_error.h"

namespace echelon::storage {
namespace {
namespace fs = std::filesystem;

FileInfo describe(const fs::path& path) {
  std::error_code error;
  const bool folder = fs::is_directory(path, error);
  const auto size = folder ? 0 : fs::file_size(path, error);
  return {path.string(), folder, error ? 0 : static_cast<int64_t>(size)};
}

class LocalFileSystem final : public FileSystem {
 public:
  std::vector<FileInfo> list(const std::string& folder) const override {
    std::vector<FileInfo> found;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
      found.push_back(describe(entry->path()));
    if (error && error != std::errc::no_such_file_or_directory)
      fail_with(error.value(), "cannot list " + folder);
    std::sort(found.begin(), found.end(),
              [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    return found;
  }

  std::optional<FileInfo> find(const std::string& path) const override {
    std::error_code error;
    if (!fs::exists(path, error)) return std::nullopt;
    return describe(path);
  }

  std::shared_ptr<const RandomAccessFile> open(const std::string& path) const override {
    return std::make_shared<const InputFile>(path);
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_local_file_system() {
  return std::make_unique<LocalFileSystem>();
}

}  // namespace echelon::storage
