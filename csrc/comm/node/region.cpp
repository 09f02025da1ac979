#include "comm/node/region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

[[noreturn]] void fail(const char* action, size_t bytes) {
  throw CommError(str_format("cannot {} {} of memory shared by the ranks of this node: {}", action,
                             human_bytes(static_cast<double>(bytes)), std::strerror(errno)));
}

std::byte* map(size_t bytes, int flags, int descriptor) {
  void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, descriptor, 0);
  if (address == MAP_FAILED) fail("map", bytes);
  return static_cast<std::byte*>(address);
}

/// Anonymous memory. Ranks that open it share the owner's mapping and keep it alive.
class ThreadRegion final : public Region {
 public:
  explicit ThreadRegion(size_t bytes) {
    data_ = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    size_ = bytes;
    mapping_ = std::shared_ptr<std::byte>(data_, [bytes](std::byte* address) { ::munmap(address, bytes); });
  }
  explicit ThreadRegion(const RegionToken& token) {
    mapping_ = *reinterpret_cast<const std::shared_ptr<std::byte>*>(token.handle);
    data_ = mapping_.get();
    size_ = token.bytes;
  }
  RegionToken token() const override {
    return {.process = ::getpid(), .handle = reinterpret_cast<int64_t>(&mapping_), .bytes = size_};
  }

 private:
  std::shared_ptr<std::byte> mapping_;
};

/// Closes on scope exit.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

uint64_t inode_of(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

class ProcessRegion final : public Region {
 public:
  explicit ProcessRegion(size_t bytes) : descriptor_(::memfd_create("echelon", MFD_CLOEXEC)) {
    if (descriptor_.get() < 0 || ::ftruncate(descriptor_.get(), static_cast<off_t>(bytes)) != 0)
      fail("make", bytes);
    inode_ = inode_of(descriptor_.get());
    data_ = map(bytes, MAP_SHARED, descriptor_.get());
    size_ = bytes;
  }
  explicit ProcessRegion(const RegionToken& token) : descriptor_(-1) {
    const std::string path = str_format("/proc/{}/fd/{}", token.process, token.handle);
    const Descriptor opened(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (opened.get() < 0) fail("open", token.bytes);
    inode_ = inode_of(opened.get());
    if (inode_ != token.inode) {
      errno = ESTALE;
      fail("open", token.bytes);
    }
    data_ = map(token.bytes, MAP_SHARED, opened.get());
    size_ = token.bytes;
  }
  ~ProcessRegion() override { ::munmap(data_, size_); }
  RegionToken token() const override {
    return {.process = ::getpid(), .handle = descriptor_.get(), .bytes = size_, .inode = inode_};
  }

 private:
  Descriptor descriptor_;  ///< the maker's: others open the memory through it
  uint64_t inode_ = 0;
};

}  // namespace

std::shared_ptr<Region> make_region(Sharing sharing, size_t bytes) {
  if (sharing == Sharing::kThreads) return std::make_shared<ThreadRegion>(bytes);
  return std::make_shared<ProcessRegion>(bytes);
}

std::shared_ptr<Region> open_region(Sharing sharing, const RegionToken& token) {
  if (sharing == Sharing::kThreads) return std::make_shared<ThreadRegion>(token);
  return std::make_shared<ProcessRegion>(token);
}

}  // namespace echelon
