#include "storage/cache/local_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "common/format.h"

namespace echelon::storage {
namespace fs = std::filesystem;
namespace {

struct Entry {
  fs::path path;
  int64_t size = 0;
  timespec used{};
};

/// What the folder holds, as far as it is counted.
struct Contents {
  std::vector<Entry> entries;  ///< the longest unused first
  int64_t bytes = 0;           ///< of entries, and reserved for those being made
};

/// True when the file was there, unused, and is gone now.
bool remove_unused(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool unused = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  if (unused) ::unlink(path.c_str());
  ::close(descriptor);
  return unused;
}

/// The bytes that are noted in the lock file of a live process; a dead one's file is removed, with its part.
int64_t live_reservation(const fs::path& path) {
  if (auto abandoned = EntryLock::try_existing(path)) {
    ::unlink(fs::path(path).replace_extension(".part").c_str());
    abandoned->remove();
    return 0;
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  int64_t bytes = 0;
  const bool known = ::pread(descriptor, &bytes, sizeof bytes, 0) == sizeof bytes;
  ::close(descriptor);
  return known ? bytes : 0;
}

/// Of all but the entry whose lock the caller holds.
Contents look_at(const fs::path& folder, const fs::path& own_lock) {
  Contents contents;
  for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
    if (file.path().extension() == ".lock" && file.path() != own_lock &&
        file.path().filename() != "folder.lock") {
      contents.bytes += live_reservation(file.path());
    }
    struct stat status {};
    if (file.path().extension() != ".data" || ::stat(file.path().c_str(), &status) != 0) continue;
    contents.entries.push_back({file.path(), status.st_size, status.st_atim});
    contents.bytes += status.st_size;
  }
  std::sort(contents.entries.begin(), contents.entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  return contents;
}

void check_owner(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    throw UnavailableError(str_format("the data cache's {} is not a folder", folder.string()));
  if (status.st_uid != ::geteuid())
    throw UnavailableError(
        str_format("the data cache's folder {} belongs to another user; name another", folder.string()));
}

}  // namespace

std::string default_cache_folder() {
  if (const char* folder = std::getenv("ECHELON_CACHE"); folder != nullptr && *folder != '\0') return folder;
  const char* temporary = std::getenv("TMPDIR");
  return str_format("{}/echelon-cache-{}", temporary != nullptr && *temporary != '\0' ? temporary : "/tmp",
                    ::geteuid());
}

std::string CacheKey::file_name() const {
  const std::string text = str_format("{}\n{}\n{}", location, version, kind);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return str_format("{:016x}{:016x}", hash.high64, hash.low64);
}

LocalCache::LocalCache(const std::string& folder, int64_t max_bytes, bool named_files)
    : folder_(folder.empty() ? default_cache_folder() : folder),
      max_bytes_(max_bytes),
      named_files_(named_files) {
  std::error_code error;
  if (folder_.has_parent_path()) fs::create_directories(folder_.parent_path(), error);
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
    throw UnavailableError(str_format("cannot create the data cache's folder {}: {}; name another",
                                      folder_.string(), std::strerror(errno)));
  }
  check_owner(folder_);
}

fs::path LocalCache::file(const std::string& name, const char* suffix) const {
  return folder_ / (name + suffix);
}

std::shared_ptr<const InputFile> LocalCache::open_entry(const CacheKey& key) const {
  const int descriptor = ::open(file(key.file_name(), ".data").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  if (::flock(descriptor, LOCK_SH | LOCK_NB) != 0) {  // just being removed
    ::close(descriptor);
    return nullptr;
  }
  const timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  ::futimens(descriptor, times);
  return std::make_shared<const InputFile>(descriptor, key.location);
}

std::shared_ptr<const InputFile> LocalCache::get(const CacheKey& key, std::optional<int64_t> size,
                                                 const std::function<void(CacheWriter&)>& fill) {
  if (auto file = open_entry(key)) return file;
  EntryLock lock(file(key.file_name(), ".lock"));
  std::shared_ptr<const InputFile> file = open_entry(key);
  try {
    if (!file) {
      CacheWriter writer(*this, lock, key, size);
      fill(writer);
      writer.finish();
      const EntryLock folder(folder_ / "folder.lock");  // an entry is never counted twice, nor not at all
      file = writer.publish();
      lock.remove();
    }
  } catch (...) {
    lock.remove();
    throw;
  }
  lock.remove();
  return file;
}

void LocalCache::reserve(const EntryLock& lock, int64_t bytes) {
  if (bytes > max_bytes_) {
    throw EntryTooLargeError(
        str_format("the data cache in {} may hold {}, and one file needs {}: allow it more", folder_.string(),
                   human_bytes(static_cast<double>(max_bytes_)), human_bytes(static_cast<double>(bytes))));
  }
  const EntryLock folder(folder_ / "folder.lock");
  Contents contents = look_at(folder_, lock.path());
  for (const Entry& entry : contents.entries) {
    if (contents.bytes + bytes <= max_bytes_) break;
    if (remove_unused(entry.path)) contents.bytes -= entry.size;
  }
  if (contents.bytes + bytes > max_bytes_) {
    throw CacheFullError(str_format("the data cache in {} may hold {}, and files in use fill it",
                                    folder_.string(), human_bytes(static_cast<double>(max_bytes_))));
  }
  // On a full disk the note may fail; writing the entry then makes room by itself.
  if (::pwrite(lock.descriptor(), &bytes, sizeof bytes, 0) != sizeof bytes && errno != ENOSPC) {
    throw UnavailableError(
        str_format("the data cache cannot write to {}: {}", folder_.string(), std::strerror(errno)));
  }
}

int64_t LocalCache::evict(int64_t bytes) {
  const EntryLock folder(folder_ / "folder.lock");
  int64_t freed = 0;
  for (const Entry& entry : look_at(folder_, {}).entries) {
    if (freed >= bytes) break;
    if (remove_unused(entry.path)) freed += entry.size;
  }
  errno = ENOSPC;
  return freed;
}

}  // namespace echelon::storage
