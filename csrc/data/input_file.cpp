#include "data/input_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {

InputFile::InputFile(const std::string& path) : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) throw DataError(str_format("cannot open {}: {}", path, std::strerror(errno)));
  struct stat status {};
  const bool known = ::fstat(fd_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    ::close(fd_);
    throw DataError(str_format("{} is not a regular file", path));
  }
  size_ = status.st_size;
}

InputFile::~InputFile() {
  ::close(fd_);
}

void InputFile::read(int64_t offset, std::span<uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(fd_, bytes.data(), bytes.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw DataError(str_format("cannot read {} at offset {}: {}", path_, offset, std::strerror(errno)));
    if (got == 0)
      throw DataError(
          str_format("{} ends at offset {}; {} more bytes were expected", path_, offset, bytes.size()));
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += got;
  }
}

FilePool::FilePool(std::vector<std::string> paths, size_t limit)
    : paths_(std::move(paths)), limit_(std::max<size_t>(1, limit)), slots_(paths_.size()) {}

size_t FilePool::default_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 128;
  return std::clamp<size_t>(limit.rlim_cur / 2, 16, 4096);
}

std::shared_ptr<const InputFile> FilePool::open(size_t number) const {
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[number];
  if (slot.file) {
    recent_.splice(recent_.begin(), recent_, slot.place);
    return slot.file;
  }
  auto file = std::make_shared<const InputFile>(paths_[number]);
  if (recent_.size() >= limit_) {
    slots_[recent_.back()].file.reset();
    recent_.pop_back();
  }
  recent_.push_front(number);
  slot = {file, recent_.begin()};
  return file;
}

}  // namespace echelon::data
