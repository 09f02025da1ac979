#include "storage/storage.h"

#include <cmath>

#include "common/format.h"
#include "common/log.h"
#include "storage/arrow_library.h"
#include "storage/patterns.h"
#include "storage/retrying.h"

namespace echelon::storage {
namespace {

/// Stores differ by bucket, too: buckets lie in regions.
std::string store_of(const Location& location) {
  if (!location.remote()) return "";
  return location.with_path(location.path.substr(0, location.path.find('/'))).text();
}

bool is_compressed(const RandomAccessFile& file) {
  uint8_t beginning[4] = {};
  if (file.size() < 4) return false;
  file.read(0, beginning);
  return detect_compression(beginning) != Compression::kNone;
}

void unpack(std::shared_ptr<const RandomAccessFile> file, const DecompressionLimits& limits,
            CacheWriter& writer) {
  const auto stream = decompress(open_stream(std::move(file)), limits);
  std::vector<uint8_t> block(size_t{1} << 20);
  while (const size_t got = stream->read(block)) writer.write({block.data(), got});
}

}  // namespace

Storage::Storage(StorageSettings settings) : settings_(std::move(settings)) {}

const FileSystem& Storage::of(const Location& location) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<FileSystem>& system = systems_[store_of(location)];
  if (!system && location.remote())
    system = with_retries(make_remote_file_system(location, settings_), settings_.retry);
  if (!system) system = make_local_file_system();
  return *system;
}

LocalCache& Storage::cache() {
  const std::lock_guard lock(mutex_);
  if (!cache_)
    cache_ = std::make_unique<LocalCache>(settings_.cache.folder, std::llround(settings_.cache.max_gb * 1e9));
  return *cache_;
}

std::vector<std::string> Storage::expand(const std::vector<std::string>& patterns) {
  return expand_patterns(patterns, *this);
}

std::shared_ptr<const RandomAccessFile> Storage::copy(const Location& location,
                                                      std::shared_ptr<const RandomAccessFile> distant) {
  const CacheKey key{location.text(), distant->version(), "copy"};
  std::shared_ptr<const RandomAccessFile> file;
  try {
    retry(settings_.retry, "downloading " + location.text(), [&] {
      file = cache().get(key, distant->size(), [&](CacheWriter& writer) {
        download(*distant, writer);
        check_.verify(*distant, writer);
      });
    });
    return file;
  } catch (const CacheFullError& error) {
    const std::lock_guard lock(mutex_);
    if (!warned_) log::warning("{} is read where it lies: {}", location.text(), error.what());
    warned_ = true;
    return distant;
  }
}

std::shared_ptr<const RandomAccessFile> Storage::open(const std::string& name, Access access) {
  const Location location = parse_location(name);
  auto file = of(location).open(location.path);
  return location.remote() && access == Access::kCopy ? copy(location, std::move(file)) : file;
}

std::shared_ptr<const RandomAccessFile> Storage::open_unpacked(const std::string& name,
                                                               const DecompressionLimits& limits) {
  auto packed = open(name, Access::kInPlace);
  if (!is_compressed(*packed)) return open(name);
  const CacheKey key{parse_location(name).text(), packed->version(), "unpacked"};
  try {
    return cache().get(key, std::nullopt, [&](CacheWriter& writer) { unpack(packed, limits, writer); });
  } catch (const EntryTooLargeError& error) {  // it may have been made to do harm
    throw DataError(str_format("{} cannot be unpacked: {}", name, error.what()));
  } catch (const CacheFullError& error) {
    throw UnavailableError(str_format("{} cannot be unpacked: {}", name, error.what()));
  }
}

std::unique_ptr<ByteStream> Storage::stream(const std::string& name, const DecompressionLimits& limits,
                                            const ReadAhead& ahead) {
  return decompress(open_stream(open(name, Access::kInPlace), ahead), limits);
}

}  // namespace echelon::storage
