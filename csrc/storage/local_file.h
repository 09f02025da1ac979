// Files of the local disk, or of a shared file system that is mounted.
#pragma once

#include <mutex>

#include "storage/random_access_file.h"

namespace echelon::storage {

/// A regular file, by pread. What it throws names the path: DataError, UnavailableError.
class InputFile : public RandomAccessFile {
 public:
  explicit InputFile(const std::string& path);
  /// Takes over a descriptor that is open for reading; `name` is what messages call it.
  InputFile(int descriptor, std::string name);
  ~InputFile() override;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return name_; }
  const std::string& name() const override { return name_; }
  int64_t size() const override { return size_; }
  std::string version() const override;
  void read(int64_t offset, std::span<uint8_t> bytes) const override;
  std::span<const uint8_t> mapped() const override;  ///< throws when it cannot be mapped
  void expect_sequential_reads() const override;
  int descriptor() const { return fd_; }

 private:
  void examine();

  std::string name_;
  int fd_ = -1;
  int64_t size_ = 0;
  mutable std::mutex mapping_;
  mutable const uint8_t* address_ = nullptr;  ///< under the mutex; null: not mapped yet
};

}  // namespace echelon::storage
