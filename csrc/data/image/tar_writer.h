// Tar archives, written from front to back.
//
// Format: POSIX ustar (IEEE Std 1003.1), with a pax extended header before an entry whose name or size ustar
// cannot hold. Equal calls give equal bytes: mode 0644, user and group 0 without names, time of modification
// 0.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "data/image/tar_reader.h"

namespace echelon::data {

class TarWriter {
 public:
  /// Takes the bytes of the archive in order; what it throws is passed on.
  using Sink = std::function<void(std::string_view bytes)>;

  explicit TarWriter(Sink sink) : sink_(std::move(sink)) {}

  /// Adds a regular file and says where it lies. Throws DataError for a name that no archive can hold: an
  /// empty one, or one with a zero byte or a slash at its end.
  TarEntry add(std::string_view name, std::string_view content);

  /// Writes the end-of-archive marker, after which nothing can be added.
  void finish();

  int64_t size() const { return size_; }                           ///< bytes so far
  const std::string& last_header() const { return last_header_; }  ///< the block before the last content

 private:
  void write(std::string_view bytes);
  void write_padded(std::string_view bytes);

  Sink sink_;
  int64_t size_ = 0;
  std::string last_header_;
};

}  // namespace echelon::data
