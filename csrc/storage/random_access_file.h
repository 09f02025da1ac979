// What is read at offsets, wherever it lies: the one type that readers of shards and tables know.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace echelon::storage {

/// A file or an object that is open for reading. Every function may be called by several threads at once.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  /// As the user wrote it, for messages: a path, or s3://bucket/key.
  virtual const std::string& name() const = 0;
  virtual int64_t size() const = 0;  ///< in bytes, when it was opened
  /// Changes when the content does: an object's ETag; a local file's inode, size and time of modification.
  virtual std::string version() const = 0;
  /// The MD5 of the content in hexadecimal where the store tells it, else empty.
  virtual std::string md5() const { return ""; }
  /// Fills `bytes` from `offset`. Throws DataError that names file and offset when the file ends before,
  /// UnavailableError (unavailable_error.h) when it cannot be read.
  virtual void read(int64_t offset, std::span<uint8_t> bytes) const = 0;
  /// The content in memory, for as long as this object lives, where the file lies on a disk of this machine
  /// (also as a copy in the cache); empty where it does not, or holds nothing. Pages are read when they are
  /// touched.
  virtual std::span<const uint8_t> mapped() const { return {}; }
  /// Says that the file will be read from its start to its end. Only a hint.
  virtual void expect_sequential_reads() const {}
};

/// The whole content. DataError when it has more than `limit` bytes.
std::string read_all(const RandomAccessFile& file, int64_t limit);

}  // namespace echelon::storage
