// Any bytes as the index of a tar shard: refused with a DataError that names it, or fields that follow each
// other within the shard. Each input is also read with its checksum mended, or nearly all changes would stop
// there. Seeds: corpus/tar_index.
#include <xxhash.h>

#include "bytes.h"
#include "common/error.h"
#include "data/image/tar_index_file.h"

namespace {

using namespace echelon;
using namespace echelon::data;

constexpr size_t kChecksum = 56;  // docs/formats/tar-index.md

std::string with_checksum(std::string bytes) {
  uint64_t sum = 0;
  if (bytes.size() < kChecksum + sizeof sum) return bytes;
  std::memcpy(bytes.data() + kChecksum, &sum, sizeof sum);
  sum = XXH3_64bits(bytes.data(), bytes.size());
  std::memcpy(bytes.data() + kChecksum, &sum, sizeof sum);
  return bytes;
}

void check(const std::string& bytes) {
  try {
    const TarIndexFile file(bytes, "fuzzed");
    TarIndexFile::Cursor cursor(file);
    int64_t end = 0;
    while (const auto item = cursor.next()) {
      require(item->entry.offset >= end && item->entry.data_offset > item->entry.offset);
      require(item->entry.size >= 0);
      if (item->content) require(item->content->size() == static_cast<size_t>(item->entry.size));
      end = item->entry.data_offset + item->entry.size;
      require(end <= file.shard().size);
    }
  } catch (const DataError& error) {
    require(std::string_view(error.what()).starts_with("index fuzzed: "));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string given(reinterpret_cast<const char*>(data), size), mended = with_checksum(given);
  check(given);
  if (mended != given) check(mended);
  return 0;
}
