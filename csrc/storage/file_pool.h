// A bounded set of files held open.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/random_access_file.h"

namespace echelon::storage {

/// Opens files of a list when they are asked for, and keeps those used last: at most `limit`, by default half
/// of the descriptors the system allows this process. A file that a caller still holds stays open beyond
/// that. Thread-safe; while one thread opens a file, which may mean to download it, others go on with theirs.
class FilePool {
 public:
  using Opener = std::function<std::shared_ptr<const RandomAccessFile>(const std::string& name)>;

  explicit FilePool(std::vector<std::string> names, size_t limit = default_limit());  ///< local files
  FilePool(std::vector<std::string> names, Opener opener, size_t limit = default_limit());

  std::shared_ptr<const RandomAccessFile> open(size_t number) const;
  const std::string& path(size_t number) const { return names_[number]; }
  static size_t default_limit();

 private:
  struct Slot {
    std::mutex opening;
    std::shared_ptr<const RandomAccessFile> file;
    std::list<size_t>::iterator place;
  };
  std::shared_ptr<const RandomAccessFile> find(size_t number) const;
  void keep(size_t number, const std::shared_ptr<const RandomAccessFile>& file) const;

  std::vector<std::string> names_;
  Opener opener_;
  size_t limit_;
  mutable std::mutex mutex_;  ///< of all below but `opening`
  mutable std::vector<Slot> slots_;
  mutable std::list<size_t> recent_;  ///< numbers of open files, the last used first
};

}  // namespace echelon::storage
