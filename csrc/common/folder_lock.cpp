#include "common/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

std::string holder_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return str_format("process {} on {}", ::getpid(), host.data());
}

std::string read_holder(int descriptor) {
  std::array<char, 512> text{};
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  return got > 0 ? std::string(text.data(), static_cast<size_t>(got)) : "another process";
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path path = folder / ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0)
    throw Error(ExitCode::kData, str_format("cannot create {}: {}", path.string(), std::strerror(errno)));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return;
    const std::string holder = read_holder(descriptor_);
    ::close(descriptor_);
    throw Error(ExitCode::kData, str_format("{} writes to {} already; end it first, or choose another folder",
                                            holder, folder.string()));
  }
  const std::string holder = holder_name();
  // Only for the message above: a full disk must not keep a run from starting.
  [[maybe_unused]] const bool told =
      ::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, holder.data(), holder.size(), 0) > 0;
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace echelon
