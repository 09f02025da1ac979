#include "data/image/tar_index_file.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

#include <cstring>
#include <filesystem>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon::data {
namespace {

/// Reads numbers and texts one after the other; nothing beyond the end.
class Fields {
 public:
  Fields(std::string_view bytes, size_t at) : bytes_(bytes), at_(at) {}
  size_t at() const { return at_; }

  template <class Number>
  bool take(Number& number) {
    if (bytes_.size() - at_ < sizeof number) return false;
    std::memcpy(&number, bytes_.data() + at_, sizeof number);
    at_ += sizeof number;
    return true;
  }
  bool take(size_t size, std::string_view& text) {
    if (bytes_.size() - at_ < size) return false;
    text = bytes_.substr(at_, size);
    at_ += size;
    return true;
  }

 private:
  std::string_view bytes_;
  size_t at_;
};

/// A field as it lies in the file.
struct FieldRecord {
  uint64_t offset = 0, size = 0;
  uint32_t header = 0;
  uint16_t extension = 0, stored = kNotStored;
  std::string_view content;

  bool take(Fields& fields) {
    return fields.take(offset) && fields.take(size) && fields.take(header) && fields.take(extension) &&
           fields.take(stored) && (stored == kNotStored || fields.take(stored, content));
  }
};

bool is_key(std::string_view key) {
  const std::string_view base = key.substr(key.rfind('/') + 1);  // npos + 1 is 0
  return !base.empty() && base.find('.') == base.npos && key.find('\0') == key.npos;
}

}  // namespace

void TarIndexFile::fail(const std::string& problem) const {
  throw DataError(str_format("index {}: {}", name_, problem));
}

TarIndexFile::TarIndexFile(std::string bytes, std::string name)
    : bytes_(std::move(bytes)), name_(std::move(name)) {
  read_header();
  check_samples();
}

void TarIndexFile::read_header() {
  if (!std::string_view(bytes_).starts_with({kTarIndexMagic.data(), kTarIndexMagic.size()}))
    fail("it does not begin with ECHTARIX: no index of a shard");
  if (bytes_.size() < sizeof(TarIndexHeader))
    fail(str_format("truncated within its header, at {} bytes", bytes_.size()));
  TarIndexHeader layout;
  std::memcpy(&layout, bytes_.data(), sizeof layout);
  if (layout.version != kTarIndexVersion)
    fail(str_format("version {}; this program reads version {}", layout.version, kTarIndexVersion));
  if (tar_index_checksum(bytes_) != layout.checksum)
    fail("its checksum is wrong: it is damaged or truncated");
  if (layout.extensions > kMostInTwoBytes || layout.shard_size > std::numeric_limits<int64_t>::max())
    fail("its header holds impossible numbers");
  samples_ = layout.samples;
  fields_ = layout.fields;
  shard_ = {static_cast<int64_t>(layout.shard_size), layout.shard_checksum, layout.probe};
  Fields fields(bytes_, sizeof layout);
  for (uint32_t i = 0; i < layout.extensions; ++i) {
    uint8_t length = 0;
    std::string_view extension;
    if (!fields.take(length) || !fields.take(length, extension)) fail("it ends within its extensions");
    extensions_.emplace_back(extension);
  }
  first_sample_ = fields.at();
}

void TarIndexFile::check_samples() {
  Fields fields(bytes_, first_sample_);
  uint64_t end = 0, samples = 0, seen = 0;
  const auto shard_size = static_cast<uint64_t>(shard_.size);
  for (; fields.at() < bytes_.size(); ++samples) {
    uint16_t key_size = 0, count = 0;
    std::string_view key;
    if (!fields.take(key_size) || !fields.take(count) || !fields.take(key_size, key))
      fail("it ends within a sample");
    if (!is_key(key) || count == 0) fail(str_format("sample {} has no key or no fields", samples));
    for (uint16_t i = 0; i < count; ++i, ++seen) {
      FieldRecord field;
      if (!field.take(fields)) fail("it ends within a field");
      const bool inside = field.offset >= end && field.offset <= shard_size &&
                          field.header <= shard_size - field.offset &&
                          field.size <= shard_size - field.offset - field.header;
      const bool stored_whole = field.stored == kNotStored || field.stored == field.size;
      if (!inside || !stored_whole || field.header < kTarBlock || field.extension >= extensions_.size())
        fail(str_format("sample {}, key \"{}\": a field that cannot be", samples, key));
      last_content_ = static_cast<int64_t>(field.offset + field.header);
      end = field.offset + field.header + field.size;
    }
  }
  if (samples != samples_ || seen != fields_)
    fail(str_format("it holds {} samples with {} fields, but says {} with {}", samples, seen, samples_,
                    fields_));
}

std::optional<TarIndexFile::Item> TarIndexFile::Cursor::next() {
  Fields fields(file_.bytes_, at_);
  if (left_ == 0) {
    uint16_t key_size = 0;
    std::string_view key;
    if (!fields.take(key_size) || !fields.take(left_) || !fields.take(key_size, key)) return std::nullopt;
    key_ = std::string(key);
  }
  FieldRecord field;
  if (!field.take(fields)) return std::nullopt;
  --left_;
  at_ = fields.at();
  const auto offset = static_cast<int64_t>(field.offset);
  Item item{{key_ + "." + file_.extensions_[field.extension], offset, offset + field.header,
             static_cast<int64_t>(field.size)},
            std::nullopt};
  if (field.stored != kNotStored) item.content = field.content;
  return item;
}

std::optional<TarEntry> IndexedEntries::next() {
  auto item = cursor_.next();
  if (!item) return std::nullopt;
  content_ = item->content;
  return std::move(item->entry);
}

std::string IndexedEntries::content(const TarEntry& entry, int64_t limit) {
  if (entry.size > limit)
    throw DataError(str_format("{}, offset {}: entry \"{}\" of {} bytes; at most {} make sense", shard_,
                               entry.offset, entry.name, entry.size, limit));
  if (content_) return std::string(*content_);
  std::string text(static_cast<size_t>(entry.size), '\0');
  open_()->read(entry.data_offset, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return text;
}

namespace {

/// Why the index is not that of the shard as it is now; empty when it is.
std::string why_stale(const TarIndexFile& index, const storage::RandomAccessFile& shard) {
  if (shard.size() != index.shard().size)
    return str_format("the shard has {} bytes, the index is of one of {}", shard.size(), index.shard().size);
  if (index.last_content() == 0) return "";
  std::array<uint8_t, kTarBlock> header;
  shard.read(index.last_content() - kTarBlock, header);
  if (XXH3_64bits(header.data(), header.size()) != index.shard().probe)
    return "the shard has another header where that of its last field should be";
  return "";
}

bool is_newer(const std::string& path, const std::string& other) {
  std::error_code error, other_error;
  const auto time = std::filesystem::last_write_time(path, error);
  const auto other_time = std::filesystem::last_write_time(other, other_error);
  return !error && !other_error && time > other_time;
}

}  // namespace

storage::Location tar_index_of(const std::string& shard) {
  storage::Location location = storage::parse_location(shard);
  location.path += kTarIndexSuffix;
  return location;
}

std::optional<TarIndexFile> find_tar_index(storage::Storage& storage, const std::string& shard) {
  try {
    const storage::Location location = storage::parse_location(shard);
    if (!location.path.ends_with(".tar")) return std::nullopt;
    const storage::Location beside = tar_index_of(shard);
    if (!storage.of(beside).find(beside.path)) return std::nullopt;
    const auto file = storage.open(beside.text(), storage::Access::kInPlace);
    TarIndexFile index(storage::read_all(*file, kLargestTarIndex), beside.text());
    std::string problem = why_stale(index, *storage.open(shard, storage::Access::kInPlace));
    if (problem.empty() && !location.remote() && is_newer(location.path, beside.path))
      problem = "the shard was modified after it";
    if (problem.empty()) return index;
    log::warning("index {} is stale: {}; the headers of the shard are read instead", beside.text(), problem);
  } catch (const DataError& error) {
    log::warning("{}; the headers of the shard are read instead", error.what());
  }
  return std::nullopt;
}

}  // namespace echelon::data
