// Files read at offsets, and a bounded set of them held open.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace echelon::data {

/// A file open for reading at any offset; safe for several threads. Throws DataError that names the path.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }  ///< when it was opened
  /// Fills `bytes` from `offset`; DataError when the file ends before.
  void read(int64_t offset, std::span<uint8_t> bytes) const;

 private:
  std::string path_;
  int fd_ = -1;
  int64_t size_ = 0;
};

/// Opens files of a list when they are asked for, and keeps those used last: at most `limit`, by default half
/// of the descriptors the system allows this process. A file that a caller still holds stays open beyond
/// that. Thread-safe.
class FilePool {
 public:
  explicit FilePool(std::vector<std::string> paths, size_t limit = default_limit());
  std::shared_ptr<const InputFile> open(size_t number) const;
  const std::string& path(size_t number) const { return paths_[number]; }
  static size_t default_limit();

 private:
  struct Slot {
    std::shared_ptr<const InputFile> file;
    std::list<size_t>::iterator place;
  };
  std::vector<std::string> paths_;
  size_t limit_;
  mutable std::mutex mutex_;
  mutable std::vector<Slot> slots_;
  mutable std::list<size_t> recent_;  ///< numbers of open files, the last used first
};

}  // namespace echelon::data
