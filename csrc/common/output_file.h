// A file that is being written: bytes counted, summed and, at the end, synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/checksum.h"
#include "common/file.h"

namespace echelon {

/// Creates or empties `path`. Every function throws `Error` (ExitCode::kData) that names the path and the
/// system's reason.
class OutputFile {
 public:
  explicit OutputFile(const fs::path& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void sync();

  uint64_t bytes() const { return bytes_; }
  std::string checksum() const { return checksum_.hex(); }

 private:
  fs::path path_;
  int descriptor_;
  uint64_t bytes_ = 0;
  Checksum checksum_;
};

}  // namespace echelon
