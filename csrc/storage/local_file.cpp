#include "storage/local_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/error.h"
#include "common/format.h"
#include "storage/unavailable_error.h"

namespace echelon::storage {

InputFile::InputFile(const std::string& path) : name_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) fail_with(errno, "cannot open " + path);
  examine();
}

InputFile::InputFile(int descriptor, std::string name) : name_(std::move(name)), fd_(descriptor) {
  examine();
}

void InputFile::examine() {
  struct stat status {};
  const bool known = ::fstat(fd_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    ::close(fd_);
    throw DataError(str_format("{} is not a regular file", name_));
  }
  size_ = status.st_size;
}

InputFile::~InputFile() {
  if (address_ != nullptr) ::munmap(const_cast<uint8_t*>(address_), static_cast<size_t>(size_));
  ::close(fd_);
}

std::string InputFile::version() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) fail_with(errno, "cannot look at " + name_);
  // Without the device, whose number is another on each node, and after a restart.
  return str_format("{}:{}:{}.{:09}", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                    status.st_mtim.tv_nsec);
}

void InputFile::read(int64_t offset, std::span<uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(fd_, bytes.data(), bytes.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with(errno, str_format("cannot read {} at offset {}", name_, offset));
    if (got == 0)
      throw DataError(
          str_format("{} ends at offset {}; {} more bytes were expected", name_, offset, bytes.size()));
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += got;
  }
}

std::span<const uint8_t> InputFile::mapped() const {
  const std::lock_guard lock(mapping_);
  const auto bytes = static_cast<size_t>(size_);
  if (address_ == nullptr && bytes > 0) {
    void* address = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd_, 0);
    if (address == MAP_FAILED) fail_with(errno, "cannot map " + name_);
    address_ = static_cast<const uint8_t*>(address);
  }
  return {address_, bytes};
}

void InputFile::expect_sequential_reads() const {
  ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

}  // namespace echelon::storage
