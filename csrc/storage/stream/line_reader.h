// Text line by line.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/stream/byte_stream.h"

namespace echelon::storage {

struct Line {
  std::string_view text;  ///< without its end, "\n" or "\r\n"; valid until the next call
  int64_t number = 0;     ///< from 1
  int64_t offset = 0;     ///< of its first byte in the (uncompressed) stream
};

class LineReader {
 public:
  /// A line of more than `max_bytes` is an error: a file that is not text has none, or one.
  explicit LineReader(std::unique_ptr<ByteStream> stream, int64_t max_bytes = int64_t{64} << 20);

  /// Nothing at the end. The last line needs no end. Throws DataError that names file and line.
  std::optional<Line> next();

 private:
  bool fill();

  std::unique_ptr<ByteStream> stream_;
  size_t max_bytes_;
  std::string buffer_;
  size_t begin_ = 0;  ///< of the next line in the buffer
  size_t filled_ = 0;
  Line line_;
  int64_t consumed_ = 0;
};

}  // namespace echelon::storage
