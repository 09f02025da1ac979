#include "storage/cache/entry_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/format.h"
#include "storage/unavailable_error.h"

namespace echelon::storage {
namespace {

[[noreturn]] void fail(const char* action, const std::filesystem::path& path) {
  throw UnavailableError(str_format("the data cache cannot {} {}: {}; name another folder for it", action,
                                    path.string(), std::strerror(errno)));
}

int lock(int descriptor, int how) {
  int status = 0;
  do {
    status = ::flock(descriptor, how);
  } while (status != 0 && errno == EINTR);
  return status;
}

}  // namespace

EntryLock::EntryLock(const std::filesystem::path& path) : path_(path) {
  for (;;) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) fail("create", path);
    if (lock(descriptor_, LOCK_EX) != 0) {
      ::close(descriptor_);
      fail("lock", path);
    }
    if (is_current()) return;
    ::close(descriptor_);  // it was removed while this thread waited
  }
}

std::optional<EntryLock> EntryLock::try_existing(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  EntryLock held(path, descriptor);
  if (lock(descriptor, LOCK_EX | LOCK_NB) != 0 || !held.is_current()) return std::nullopt;
  return held;
}

EntryLock::EntryLock(EntryLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

EntryLock::~EntryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool EntryLock::is_current() const {
  struct stat named {
  }, held{};
  return ::stat(path_.c_str(), &named) == 0 && ::fstat(descriptor_, &held) == 0 &&
         named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

void EntryLock::remove() {
  if (!removed_) ::unlink(path_.c_str());
  removed_ = true;  // by now the name may be somebody else's
}

}  // namespace echelon::storage
