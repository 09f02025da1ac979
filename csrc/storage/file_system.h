// What a place that holds files can do: the local disk, or an object store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/location.h"
#include "storage/random_access_file.h"

namespace echelon::storage {

struct FileInfo {
  std::string path;        ///< as FileSystem's functions take it
  bool is_folder = false;  ///< in an object store: the common beginning of keys, up to a slash
  int64_t size = 0;
};

/// Paths are Location::path. Every function may be called by several threads at once, and throws DataError
/// that names the path and the reason; TransientError (storage/retry.h) when another attempt may succeed;
/// UnavailableError (storage/unavailable_error.h) when none may, and the file is not at fault.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// As messages name it, with scheme and options.
  virtual std::string name_of(const std::string& path) const { return path; }
  /// What lies directly in a folder (or bucket), sorted by the bytes of the path; nothing when the folder
  /// does not exist.
  virtual std::vector<FileInfo> list(const std::string& folder) const = 0;
  /// Nothing when there is neither a file nor a folder of this name.
  virtual std::optional<FileInfo> find(const std::string& path) const = 0;
  virtual std::shared_ptr<const RandomAccessFile> open(const std::string& path) const = 0;
};

/// The disk and what is mounted.
std::unique_ptr<FileSystem> make_local_file_system();

/// A file system for each store that is named, opened at its first use and kept.
class FileSystems {
 public:
  virtual ~FileSystems() = default;
  virtual const FileSystem& of(const Location& location) = 0;
};

}  // namespace echelon::storage
