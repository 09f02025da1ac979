// Files: whole reads, mapped reads, and writes that are either complete or absent.
// Every function throws `Error` (ExitCode::kData) that names the path and the system's reason.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace echelon {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path);

/// A file mapped read-only for as long as the object lives. An empty file gives an empty span.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// Writes to a temporary sibling, syncs it, renames it over `path`, syncs the folder: after a crash at any
/// moment `path` holds the old content or the new.
void write_file_atomically(const fs::path& path, std::string_view content);

/// fsync of a file or a folder.
void sync_path(const fs::path& path);

}  // namespace echelon
