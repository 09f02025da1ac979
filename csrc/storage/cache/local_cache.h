// Copies of distant files, and unpacked compressed ones, on a disk of this node.
//
// In the folder: KEY.data, a whole entry; KEY.lock, while somebody makes one, with the bytes reserved for it;
// `folder.lock`. An entry is written to a file without a name (O_TMPFILE) that gets one when it is complete,
// so a process killed at any moment leaves at most an empty KEY.lock, which the next one that needs room
// removes. Where the file system has no such files, KEY.part stands in, and is removed the same way.
//
// Which entry was used last is the access time of its file, which is set at every use. A file in use is
// locked shared (flock), and not removed; entries made by dead processes stay good.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "storage/cache/entry_lock.h"
#include "storage/local_file.h"
#include "storage/settings.h"
#include "storage/unavailable_error.h"

namespace echelon::storage {

/// There is no room: the entry is larger than the cache may be, all of the cache is in use, or the disk is
/// full. The file can still be read where it lies.
struct CacheFullError : UnavailableError {
  using UnavailableError::UnavailableError;
};

/// It alone is larger than the cache may be.
struct EntryTooLargeError : CacheFullError {
  using CacheFullError::CacheFullError;
};

/// Which content an entry holds. Equal keys are equal contents.
struct CacheKey {
  std::string location;           ///< as messages name it
  std::string version;            ///< of what lies there: RandomAccessFile::version()
  std::string kind;               ///< what was done with it: "copy", "unpacked"
  std::string file_name() const;  ///< 32 hexadecimal digits
};

class CacheWriter;

/// Used by any number of threads, and processes of one node, at once; each constructs its own. A process
/// needs no lock to read what is there.
class LocalCache {
 public:
  /// Creates the folder (empty: default_cache_folder()), for this user alone. Throws UnavailableError when
  /// that fails, or when a folder in $TMPDIR belongs to somebody else.
  LocalCache(const std::string& folder, int64_t max_bytes, bool named_files = false);

  /// The entry of `key`, open: it stays readable as long as the file lives. When it is not there, `fill`
  /// writes it, in one process of the node, while others that ask for it wait. `size` is that of the entry
  /// where it is known: room is made first, and another size is an error. What `fill` throws is passed on,
  /// and then the next one that waits tries. Throws CacheFullError, and UnavailableError when the disk fails.
  std::shared_ptr<const InputFile> get(const CacheKey& key, std::optional<int64_t> size,
                                       const std::function<void(CacheWriter&)>& fill);

  const std::filesystem::path& folder() const { return folder_; }

 private:
  friend class CacheWriter;

  std::filesystem::path file(const std::string& name, const char* suffix) const;
  std::shared_ptr<const InputFile> open_entry(const CacheKey& key) const;
  /// Makes room for `bytes` in all for the entry whose lock is held, and notes them.
  void reserve(const EntryLock& lock, int64_t bytes);
  /// Removes entries that nobody uses, the longest unused first, until `bytes` are free or none is left.
  /// Returns what was freed.
  int64_t evict(int64_t bytes);

  std::filesystem::path folder_;
  int64_t max_bytes_;
  bool named_files_;
};

/// Writes one entry. Not thread-safe but for write_at().
class CacheWriter {
 public:
  ~CacheWriter();
  CacheWriter(const CacheWriter&) = delete;
  CacheWriter& operator=(const CacheWriter&) = delete;

  void write(std::span<const uint8_t> bytes);  ///< at the end
  /// Of an entry whose size is known. Several threads may write at once.
  void write_at(int64_t offset, std::span<const uint8_t> bytes);
  /// Reads back what was written.
  void read(int64_t offset, std::span<uint8_t> bytes) const;

 private:
  friend class LocalCache;
  CacheWriter(LocalCache& cache, EntryLock& lock, const CacheKey& key, std::optional<int64_t> size);
  void finish();                               ///< compares the size, and waits for the disk
  std::shared_ptr<const InputFile> publish();  ///< gives it its name

  LocalCache& cache_;
  EntryLock& lock_;
  const CacheKey& key_;
  std::optional<int64_t> size_;
  std::filesystem::path part_;  ///< empty: the file has no name
  int descriptor_ = -1;
  int64_t written_ = 0;  ///< by write()
  int64_t reserved_ = 0;
};

}  // namespace echelon::storage
