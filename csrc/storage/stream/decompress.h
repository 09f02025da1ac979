// gzip (RFC 1952, any number of members) and Zstandard (RFC 8878, any number of frames) while they are read.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>

#include "storage/stream/byte_stream.h"

namespace echelon::storage {

enum class Compression { kNone, kGzip, kZstd };

/// By the first bytes (four are enough), not by the name.
Compression detect_compression(std::span<const uint8_t> beginning);

/// What a stream may turn into; more is refused while it is read, so that a few bytes cannot fill memory or
/// disk.
struct DecompressionLimits {
  int64_t max_bytes = std::numeric_limits<int64_t>::max();  ///< uncompressed
  double max_ratio = 4096;   ///< uncompressed by compressed, once 64 MiB came out; gzip reaches 1032
  int zstd_window_log = 27;  ///< most memory of a zstd frame, as a power of two: 128 MiB, zstd's own limit
};

/// The uncompressed content of `compressed`, or `compressed` itself when it begins neither as gzip nor as
/// zstd; an empty stream is empty. Checksums are verified. Zeros after the last gzip member are padding.
/// read() throws DataError that names the file, the offset in it and the reason: damaged, truncated, trailing
/// bytes, or beyond the limits.
std::unique_ptr<ByteStream> decompress(std::unique_ptr<ByteStream> compressed,
                                       const DecompressionLimits& limits = {});

}  // namespace echelon::storage
