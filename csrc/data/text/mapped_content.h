// Files whose whole content is used in memory.
#pragma once

#include <span>

#include "common/error.h"
#include "common/format.h"
#include "storage/random_access_file.h"

namespace echelon::data {

/// The content of a file, which stays as long as the file is open. Throws DataError for a distant file that
/// the cache had no room for.
inline std::span<const uint8_t> mapped_content(const storage::RandomAccessFile& file) {
  const std::span<const uint8_t> content = file.mapped();
  if (content.empty() && file.size() > 0)
    throw DataError(str_format("{}: {} bytes do not fit the local cache; raise storage.cache.max_gb",
                               file.name(), file.size()));
  return content;
}

}  // namespace echelon::data
