#include "predict/tensor_model/zip_checksums.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "common/error.h"

namespace echelon::predict {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t kEntry = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr size_t kEntrySize = 46, kEndSize = 22, kLocatorSize = 20, kMostComment = 0xffff;

/// Little endian, as this machine is.
template <class T>
T number_at(Bytes archive, size_t offset) {
  if (offset > archive.size() || archive.size() - offset < sizeof(T))
    throw DataError("its list of files is not where it should be");
  T number;
  std::memcpy(&number, archive.data() + offset, sizeof(T));
  return number;
}

size_t find_end(Bytes archive) {
  const size_t most = std::min(archive.size(), kEndSize + kMostComment);
  for (size_t back = kEndSize; back <= most; ++back)
    if (number_at<uint32_t>(archive, archive.size() - back) == kEnd) return archive.size() - back;
  throw DataError("it has no end");
}

size_t find_entries(Bytes archive) {
  const size_t end = find_end(archive);
  if (end >= kLocatorSize && number_at<uint32_t>(archive, end - kLocatorSize) == kEnd64Locator) {
    const auto end64 = number_at<uint64_t>(archive, end - kLocatorSize + 8);
    if (number_at<uint32_t>(archive, end64) == kEnd64) return number_at<uint64_t>(archive, end64 + 48);
  }
  return number_at<uint32_t>(archive, end + 16);
}

}  // namespace

std::map<std::string, uint32_t> zip_checksums(Bytes archive) {
  std::map<std::string, uint32_t> checksums;
  size_t entry = find_entries(archive);
  while (number_at<uint32_t>(archive, entry) == kEntry) {
    const size_t name = number_at<uint16_t>(archive, entry + 28),
                 extra = number_at<uint16_t>(archive, entry + 30),
                 comment = number_at<uint16_t>(archive, entry + 32);
    const size_t begin = entry + kEntrySize;
    number_at<uint8_t>(archive, begin + name + extra + comment);  // something follows, at least the end
    checksums[{reinterpret_cast<const char*>(archive.data() + begin), name}] =
        number_at<uint32_t>(archive, entry + 16);
    entry = begin + name + extra + comment;
  }
  return checksums;
}

uint32_t crc32_of(Bytes bytes) {
  return static_cast<uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace echelon::predict
