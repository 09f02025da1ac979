#include "storage/random_access_file.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon::storage {

std::string read_all(const RandomAccessFile& file, int64_t limit) {
  if (file.size() > limit) {
    throw DataError(str_format("{} has {}, more than the {} that may be read at once", file.name(),
                               human_bytes(static_cast<double>(file.size())),
                               human_bytes(static_cast<double>(limit))));
  }
  std::string content(static_cast<size_t>(file.size()), '\0');
  file.read(0, {reinterpret_cast<uint8_t*>(content.data()), content.size()});
  return content;
}

}  // namespace echelon::storage
