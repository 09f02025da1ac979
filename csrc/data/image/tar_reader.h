// The files in a tar archive, found by reading headers only.
//
// Formats: POSIX ustar and pax (IEEE Std 1003.1, "pax Interchange Format"), GNU tar with long names, and the
// older V7. An archive must end with at least one block of zeros, as every tar program writes; without it the
// file is taken as truncated. What follows the marker is ignored. Sparse files are refused; links, folders
// and devices are passed over.
//
// Nothing is unpacked, so a name is a name and no path: `/etc/x.png` and `../x.png` are names like others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/random_access_file.h"

namespace echelon::data {

struct TarEntry {
  std::string name;
  int64_t offset = 0;       ///< of the first header block, extended headers included
  int64_t data_offset = 0;  ///< of the content
  int64_t size = 0;         ///< of the content, in bytes; it lies within the file
};

class TarReader {
 public:
  /// Starts at `offset`, which must be that of an entry. The file must outlive the reader.
  explicit TarReader(const storage::RandomAccessFile& file, int64_t offset = 0)
      : file_(file), position_(offset) {}

  /// The next regular file; nothing at the end-of-archive marker. Throws DataError that names archive, offset
  /// and, where it is known, the entry: bad checksum, size beyond the end of the file, missing end, malformed
  /// extended header.
  std::optional<TarEntry> next();

  /// The content of an entry of at most `limit` bytes; DataError when it is longer.
  std::string content(const TarEntry& entry, int64_t limit);

 private:
  struct Extension {
    std::optional<std::string> name;
    std::optional<int64_t> size;
  };

  const uint8_t* view(int64_t offset, int64_t size);
  TarEntry read_entry(const uint8_t* header, int64_t start, const Extension& extension);
  std::string read_extension(const TarEntry& entry);
  void read_pax(const TarEntry& entry, Extension& extension);
  [[noreturn]] void fail(int64_t offset, const std::string& problem) const;

  const storage::RandomAccessFile& file_;
  int64_t position_;
  int64_t window_offset_ = 0;
  std::vector<uint8_t> window_;
};

}  // namespace echelon::data
