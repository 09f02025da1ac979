#include "data/image/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

constexpr int64_t kBlock = 512;
constexpr int64_t kWindow =
    16 << 10;  // one read covers the small fields that stand before and after an image
constexpr int64_t kExtensionLimit = 1 << 20;   // a longer name or pax header is an attack, not a name
constexpr int64_t kExtensionsLimit = 4 << 20;  // of all that belong to one entry

struct Field {
  int offset, size;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kMagic{257, 6}, kPrefix{345, 155};
constexpr int kType = 156;

std::string text(const uint8_t* header, Field field) {
  const auto* begin = reinterpret_cast<const char*>(header) + field.offset;
  return {begin, ::strnlen(begin, field.size)};
}

/// Octal digits between optional blanks, or GNU's base 256 marked by the top bit. Nothing when malformed or
/// too large.
std::optional<int64_t> number(const uint8_t* header, Field field) {
  const uint8_t* bytes = header + field.offset;
  uint64_t value = 0;
  if (bytes[0] & 0x80) {
    if (bytes[0] != 0x80) return std::nullopt;  // negative, or beyond 88 bits
    for (int i = 1; i < field.size; ++i) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | bytes[i];
    }
    return static_cast<int64_t>(value);
  }
  int i = 0;
  while (i < field.size && bytes[i] == ' ') ++i;
  for (; i < field.size && bytes[i] != ' ' && bytes[i] != 0; ++i) {
    if (bytes[i] < '0' || bytes[i] > '7') return std::nullopt;
    value = value << 3 | (bytes[i] - '0');
  }
  return static_cast<int64_t>(value);
}

/// Old archives were summed with signed characters; both sums are in use.
bool checksum_matches(const uint8_t* header) {
  int64_t unsigned_sum = 0, signed_sum = 0;
  for (int i = 0; i < kBlock; ++i) {
    const bool inside = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    unsigned_sum += inside ? ' ' : header[i];
    signed_sum += inside ? ' ' : static_cast<int8_t>(header[i]);
  }
  const std::optional<int64_t> stored = number(header, kChecksum);
  return stored && (*stored == unsigned_sum || *stored == signed_sum);
}

bool all_zero(const uint8_t* header) {
  return std::all_of(header, header + kBlock, [](uint8_t byte) { return byte == 0; });
}

bool is_regular(uint8_t type) {
  return type == '0' || type == 0 || type == '7';
}

/// Types that POSIX defines as having no content, whatever their size field holds.
bool has_content(uint8_t type) {
  return type < '1' || type > '6';
}

std::string header_name(const uint8_t* header) {
  std::string name = text(header, kName);
  const bool posix = std::memcmp(header + kMagic.offset, "ustar\0", kMagic.size) == 0;
  if (posix && header[kPrefix.offset] != 0) name = text(header, kPrefix) + "/" + name;
  return name;
}

}  // namespace

void TarReader::fail(int64_t offset, const std::string& problem) const {
  throw DataError(str_format("{}, offset {}: {}", file_.name(), offset, problem));
}

const uint8_t* TarReader::view(int64_t offset, int64_t size) {
  const auto held = static_cast<int64_t>(window_.size());
  if (offset < window_offset_ || offset + size > window_offset_ + held) {
    window_.resize(std::min(std::max(size, kWindow), file_.size() - offset));
    window_offset_ = offset;
    file_.read(offset, window_);
  }
  return window_.data() + (offset - window_offset_);
}

TarEntry TarReader::read_entry(const uint8_t* header, int64_t start, const Extension& extension) {
  TarEntry entry{extension.name.value_or(header_name(header)), start, position_ + kBlock, 0};
  if (has_content(header[kType])) {
    const std::optional<int64_t> size = extension.size ? extension.size : number(header, kSize);
    if (!size || *size < 0) fail(position_, str_format("entry \"{}\" has a malformed size", entry.name));
    entry.size = *size;
  }
  if (entry.size > file_.size() - entry.data_offset) {
    fail(position_, str_format("entry \"{}\" claims {} bytes, but the file ends after {}: it is truncated",
                               entry.name, entry.size, file_.size() - entry.data_offset));
  }
  return entry;
}

std::string TarReader::read_extension(const TarEntry& entry) {
  return content(entry, kExtensionLimit);
}

void TarReader::read_pax(const TarEntry& entry, Extension& extension) {
  const std::string records = read_extension(entry);
  std::string_view rest = records;
  while (!rest.empty()) {  // "LENGTH KEY=VALUE\n", where LENGTH counts the whole record
    size_t length = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    const auto digits = static_cast<size_t>(end - rest.data());
    if (error != std::errc() || length > rest.size() || length < digits + 3 || rest[digits] != ' ' ||
        rest[length - 1] != '\n') {
      fail(entry.offset, "a malformed pax header");
    }
    const std::string_view record = rest.substr(digits + 1, length - digits - 2);
    rest.remove_prefix(length);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) fail(entry.offset, "a malformed pax header");
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") extension.name = std::string(value);
    if (key == "size") {
      int64_t size = -1;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), size);
      if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) size = -1;
      extension.size = size;
    }
    if (key.starts_with("GNU.sparse."))
      fail(entry.offset, "a sparse file; write the archive without --sparse");
  }
}

std::optional<TarEntry> TarReader::next() {
  Extension extension;
  for (int64_t start = position_;;) {
    if (file_.size() - position_ < kBlock) {
      fail(position_, file_.size() == 0 ? "the file is empty"
                                        : "the end-of-archive marker is missing: the file is truncated");
    }
    const uint8_t* header = view(position_, kBlock);
    if (all_zero(header)) return std::nullopt;
    if (!checksum_matches(header))
      fail(position_, "the checksum of the header is wrong: the file is corrupt or no tar archive");
    const uint8_t type = header[kType];
    const bool is_extension = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    TarEntry entry =
        read_entry(header, is_extension ? position_ : start, is_extension ? Extension{} : extension);
    position_ = entry.data_offset + (entry.size + kBlock - 1) / kBlock * kBlock;
    if (type == 'S')
      fail(entry.offset,
           str_format("entry \"{}\" is a sparse file; write the archive without --sparse", entry.name));
    if (is_regular(type)) return entry;
    if (is_extension && entry.size > kExtensionLimit)
      fail(entry.offset, str_format("an extended header of {} bytes", entry.size));
    if (is_extension && position_ - start > kExtensionsLimit)
      fail(start, str_format("extended headers of {} bytes for one entry", position_ - start));
    if (type == 'x') read_pax(entry, extension);
    if (type == 'L') extension.name = read_extension(entry).c_str();  // up to the terminating zero
    if (!is_extension) {
      extension = {};
      start = position_;
    }
  }
}

std::string TarReader::content(const TarEntry& entry, int64_t limit) {
  if (entry.size > limit)
    fail(entry.offset,
         str_format("entry \"{}\" of {} bytes; at most {} make sense", entry.name, entry.size, limit));
  const uint8_t* bytes = view(entry.data_offset, entry.size);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(entry.size)};
}

}  // namespace echelon::data
