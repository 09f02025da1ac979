// A lock file that exists while somebody works on what it stands for.
#pragma once

#include <filesystem>
#include <optional>

namespace echelon::storage {

/// Exclusive, between processes of this node and between threads (flock on a descriptor of its own). The
/// system lets go of it when the process dies, however it dies; the empty file that then stays is no lock.
class EntryLock {
 public:
  /// Waits until the lock is free. Throws UnavailableError when the file cannot be created or its file system
  /// has no locks.
  explicit EntryLock(const std::filesystem::path& path);
  /// Nothing when somebody holds it, or when there is no such file.
  static std::optional<EntryLock> try_existing(const std::filesystem::path& path);
  ~EntryLock();
  EntryLock(EntryLock&& other) noexcept;
  EntryLock& operator=(EntryLock&&) = delete;

  /// Removes the file, so that nothing is left behind. Those who wait for the lock then make a new one.
  void remove();
  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_; }

 private:
  EntryLock(std::filesystem::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  bool is_current() const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  bool removed_ = false;
};

}  // namespace echelon::storage
