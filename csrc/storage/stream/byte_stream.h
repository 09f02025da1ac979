// Bytes from the first to the last.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "storage/random_access_file.h"

namespace echelon::storage {

/// Read by one thread.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual const std::string& name() const = 0;
  /// Fills the beginning of `bytes` and returns how much: less than asked for does not mean the end, 0 does.
  /// Throws DataError that names the file and the offset; UnavailableError when it cannot be read.
  virtual size_t read(std::span<uint8_t> bytes) = 0;
};

/// Reads until `bytes` is full or the stream ends; returns how much there was.
size_t read_fully(ByteStream& stream, std::span<uint8_t> bytes);

struct ReadAhead {
  int64_t block_bytes = int64_t{4} << 20;
  int blocks = 2;  ///< read ahead by a thread of its own; 0: none, reads happen when they are asked for
};

/// A file from `begin` to its end, in large reads.
std::unique_ptr<ByteStream> open_stream(std::shared_ptr<const RandomAccessFile> file,
                                        const ReadAhead& ahead = {}, int64_t begin = 0);

}  // namespace echelon::storage
