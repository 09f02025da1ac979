#include "common/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

constexpr size_t kPiece = size_t{4} << 20;  // small enough to be still in the cache when the system copies it

[[noreturn]] void fail(const char* action, const fs::path& path) {
  throw Error(ExitCode::kData, str_format("cannot {} {}: {}", action, path.string(), std::strerror(errno)));
}

}  // namespace

OutputFile::OutputFile(const fs::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail("create", path_);
}

OutputFile::~OutputFile() {
  ::close(descriptor_);
}

void OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(kPiece, bytes.size()));
    checksum_.update(piece);
    for (size_t done = 0; done < piece.size();) {
      const ssize_t written = ::write(descriptor_, piece.data() + done, piece.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write", path_);
      done += static_cast<size_t>(written);
    }
    bytes_ += piece.size();
    bytes = bytes.subspan(piece.size());
  }
}

void OutputFile::sync() {
  if (::fsync(descriptor_) != 0) fail("sync", path_);
}

}  // namespace echelon
