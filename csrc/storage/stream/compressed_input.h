// The compressed side of a decompressor: a buffer over the inner stream, and the count of what went in and
// out.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "storage/stream/decompress.h"

namespace echelon::storage {

class CompressedInput {
 public:
  /// `beginning` was read from `inner` already.
  CompressedInput(std::unique_ptr<ByteStream> inner, std::vector<uint8_t> beginning,
                  const DecompressionLimits& limits)
      : inner_(std::move(inner)), limits_(limits), buffer_(std::move(beginning)), filled_(buffer_.size()) {}

  const std::string& name() const { return inner_->name(); }
  /// What is there and not consumed; empty only at the end of the stream.
  std::span<const uint8_t> available();
  void consume(size_t bytes) { used_ += bytes; }
  int64_t offset() const {
    return before_ + static_cast<int64_t>(used_);
  }  ///< of what available() begins with

  /// Counts uncompressed bytes; DataError beyond the limits.
  void count_output(size_t bytes);
  /// DataError with the name and the offset.
  [[noreturn]] void fail(std::string_view problem) const;
  const DecompressionLimits& limits() const { return limits_; }

 private:
  std::unique_ptr<ByteStream> inner_;
  DecompressionLimits limits_;
  std::vector<uint8_t> buffer_;
  size_t filled_ = 0;
  size_t used_ = 0;
  int64_t before_ = 0;  ///< bytes of the stream before the buffer
  int64_t output_ = 0;
};

std::unique_ptr<ByteStream> make_gzip_stream(CompressedInput input);
std::unique_ptr<ByteStream> make_zstd_stream(CompressedInput input);

}  // namespace echelon::storage
