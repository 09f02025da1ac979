#include "common/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

[[noreturn]] void fail(const char* action, const fs::path& path) {
  throw Error(ExitCode::kData, str_format("cannot {} {}: {}", action, path.string(), std::strerror(errno)));
}

/// Closes on scope exit.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, const char* action)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) fail(action, path);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

size_t file_size(const Descriptor& file, const fs::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("look at", path);
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail("read", path);
  }
  return static_cast<size_t>(status.st_size);
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY, "open");
  std::string content(file_size(file, path), '\0');
  size_t done = 0;
  for (;;) {
    if (done == content.size()) content.resize(content.size() + 4096);  // a pipe, or a file that grows
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  content.resize(done);
  return content;
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const Descriptor file(path, O_RDONLY, "open");
  size_ = file_size(file, path);
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) fail("map", path);
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void sync_path(const fs::path& path) {
  const Descriptor file(path, O_RDONLY, "open");
  if (::fsync(file.get()) != 0) fail("sync", path);
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  const fs::path temporary = path.string() + str_format(".tmp.{}", ::getpid());
  {
    const Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC, "create");
    while (!content.empty()) {
      const ssize_t written = ::write(file.get(), content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write", temporary);
      content.remove_prefix(static_cast<size_t>(written));
    }
    if (::fsync(file.get()) != 0) fail("sync", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail("rename to", path);
  sync_path(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace echelon
