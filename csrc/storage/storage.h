// Everything above in one object: names in, files and streams out, wherever they lie.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/cache/local_cache.h"
#include "storage/download.h"
#include "storage/file_system.h"
#include "storage/settings.h"
#include "storage/stream/byte_stream.h"
#include "storage/stream/decompress.h"

namespace echelon::storage {

/// How a distant file is read: from a copy in the cache, made when it is opened, or in place, range by range,
/// which suits tables of which a few columns are wanted.
enum class Access { kCopy, kInPlace };

/// Thread-safe. Object stores and the cache are opened when they are first needed. Every function throws
/// DataError or UnavailableError that names the location.
class Storage : public FileSystems {
 public:
  explicit Storage(StorageSettings settings = {});

  /// storage/patterns.h, in object stores too.
  std::vector<std::string> expand(const std::vector<std::string>& patterns);

  /// Local files as they are. A distant file that the cache has no room for is read in place, with one
  /// warning.
  std::shared_ptr<const RandomAccessFile> open(const std::string& name, Access access = Access::kCopy);

  /// As open(), but the uncompressed content of what is gzip or zstd, unpacked into the cache once a node.
  std::shared_ptr<const RandomAccessFile> open_unpacked(const std::string& name,
                                                        const DecompressionLimits& limits = {});

  /// The uncompressed content from start to end, without the cache.
  std::unique_ptr<ByteStream> stream(const std::string& name, const DecompressionLimits& limits = {},
                                     const ReadAhead& ahead = {});

  const FileSystem& of(const Location& location) override;

 private:
  LocalCache& cache();
  std::shared_ptr<const RandomAccessFile> copy(const Location& location,
                                               std::shared_ptr<const RandomAccessFile> distant);

  StorageSettings settings_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<FileSystem>> systems_;
  std::unique_ptr<LocalCache> cache_;
  ContentCheck check_;
  bool warned_ = false;
};

}  // namespace echelon::storage
