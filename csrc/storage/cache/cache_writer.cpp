#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "storage/cache/local_cache.h"

namespace echelon::storage {
namespace {

constexpr int64_t kGrowth = int64_t{64} << 20;

[[noreturn]] void fail(const char* action, const CacheKey& key, const LocalCache& cache) {
  const int reason = errno;
  const std::string problem =
      str_format("the data cache in {} cannot {} its copy of {}: {}", cache.folder().string(), action,
                 key.location, std::strerror(reason));
  if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG)
    throw CacheFullError(problem + "; name another folder in storage.cache.folder, or make room on its disk");
  throw UnavailableError(problem);
}

int open_unnamed(const std::filesystem::path& folder) {
  if (::access("/proc/self/fd", X_OK) != 0) return -1;
  return ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

}  // namespace

CacheWriter::CacheWriter(LocalCache& cache, EntryLock& lock, const CacheKey& key, std::optional<int64_t> size)
    : cache_(cache), lock_(lock), key_(key), size_(size) {
  reserved_ = size.value_or(0);
  cache_.reserve(lock_, reserved_);
  if (!cache.named_files_) descriptor_ = open_unnamed(cache.folder());
  if (descriptor_ >= 0) return;
  part_ = cache.file(key.file_name(), ".part");
  descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor_ < 0) fail("create", key, cache);
}

CacheWriter::~CacheWriter() {
  if (!part_.empty()) ::unlink(part_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

void CacheWriter::write(std::span<const uint8_t> bytes) {
  const int64_t end = written_ + static_cast<int64_t>(bytes.size());
  if (!size_ && end > reserved_) {
    reserved_ = end + kGrowth;
    try {
      cache_.reserve(lock_, reserved_);
    } catch (const CacheFullError&) {
      reserved_ = end;  // the last part needs no more than its size
      cache_.reserve(lock_, reserved_);
    }
  }
  write_at(written_, bytes);
  written_ = end;
}

void CacheWriter::write_at(int64_t offset, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && errno == ENOSPC && cache_.evict(static_cast<int64_t>(bytes.size())) > 0) continue;
    if (done < 0) {
      if (errno == 0) errno = ENOSPC;
      fail("write", key_, cache_);
    }
    bytes = bytes.subspan(static_cast<size_t>(done));
    offset += done;
  }
}

void CacheWriter::read(int64_t offset, std::span<uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(descriptor_, bytes.data(), bytes.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("read", key_, cache_);
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += got;
  }
}

void CacheWriter::finish() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail("look at", key_, cache_);
  if (size_ && status.st_size != *size_) {
    throw DataError(str_format("{} has {} bytes, but {} came", key_.location, *size_, status.st_size));
  }
  // Durable before it is visible: after a crash of the machine an entry is whole or not there.
  if (::fdatasync(descriptor_) != 0) fail("finish", key_, cache_);
}

std::shared_ptr<const InputFile> CacheWriter::publish() {
  ::flock(descriptor_, LOCK_SH | LOCK_NB);
  const std::filesystem::path path = cache_.file(key_.file_name(), ".data");
  int status_of_link = 0;
  if (part_.empty()) {
    const std::string unnamed = str_format("/proc/self/fd/{}", descriptor_);
    ::unlink(path.c_str());
    status_of_link = ::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
  } else {
    status_of_link = ::rename(part_.c_str(), path.c_str());
  }
  if (status_of_link != 0) fail("name", key_, cache_);
  part_.clear();
  return std::make_shared<const InputFile>(std::exchange(descriptor_, -1), key_.location);
}

}  // namespace echelon::storage
