// Any bytes as a tar shard: refused with a DataError that names a place, or an index whose entries lie within
// the shard. Each input is also read with the checksums of its headers mended, or nearly all changes would
// stop there. Seeds: corpus/tar.
#include <algorithm>

#include "bytes.h"
#include "common/error.h"
#include "data/image/tar_index.h"
#include "data/image/tar_reader.h"

namespace {

using namespace echelon;
using namespace echelon::data;

constexpr size_t kBlock = 512, kChecksum = 148, kChecksumSize = 8, kMagic = 257;

std::string with_checksums(std::string bytes) {
  for (size_t at = 0; at + kBlock <= bytes.size(); at += kBlock) {
    if (bytes.compare(at + kMagic, 5, "ustar") != 0) continue;
    bytes.replace(at + kChecksum, kChecksumSize, kChecksumSize, ' ');
    unsigned sum = 0;
    for (size_t i = at; i < at + kBlock; ++i) sum += static_cast<uint8_t>(bytes[i]);
    for (size_t digit = 6; digit-- > 0; sum /= 8)
      bytes[at + kChecksum + digit] = static_cast<char>('0' + sum % 8);
  }
  return bytes;
}

void require_place(const DataError& error) {
  require(std::string_view(error.what()).starts_with("fuzzed"));
}

/// Entries follow each other, and each is found again at its offset alone.
void check_entries(const Bytes& file) {
  TarReader reader(file);
  int64_t end = 0;
  try {
    while (const auto entry = reader.next()) {
      require(entry->offset >= end && entry->data_offset > entry->offset && entry->size >= 0);
      end = entry->data_offset + entry->size;
      require(end <= file.size());
      const auto again = TarReader(file, entry->offset).next();
      require(again && again->name == entry->name && again->data_offset == entry->data_offset &&
              again->size == entry->size);
      if (entry->size <= 100) require(reader.content(*entry, 100).size() == static_cast<size_t>(entry->size));
    }
  } catch (const DataError& error) {
    require_place(error);
  }
}

/// What is in the index can be read.
void check_index(const Bytes& file, const ShardIndex& index, const SourceOptions& options) {
  require(index.fields.size() == index.samples.size() * options.fields.size());
  for (const TarSample& sample : index.samples) {
    require(sample.offset >= 0 && sample.offset + sample.header_size + sample.size <= file.size());
    require(sample.label >= 0 && sample.label < options.classes && sample.shard == 3);
  }
  for (const TarField& field : index.fields)
    require(field.offset > 0 && field.offset + field.size <= file.size());
  const ShardIndex copy = unpack(pack(index));
  require(copy.samples == index.samples && copy.fields == index.fields && copy.left_out == index.left_out &&
          copy.first_problem == index.first_problem);
}

ShardIndex index_of(const Bytes& file, const SourceOptions& options) {
  TarReader entries(file);
  return index_shard(entries, 3, options);
}

/// What is refused without `skip_damaged` is left out with it, and nothing else is.
void check_shard(const Bytes& file, SourceOptions options) {
  options.skip_damaged = true;
  const ShardIndex skipped = index_of(file, options);
  check_index(file, skipped, options);
  require((skipped.left_out > 0) == !skipped.first_problem.empty());
  options.skip_damaged = false;
  try {
    const ShardIndex whole = index_of(file, options);
    require(skipped.left_out == 0 && whole.samples == skipped.samples && whole.fields == skipped.fields);
  } catch (const DataError& error) {
    require_place(error);
    require(skipped.left_out > 0);
  }
}

void check(const std::string& bytes, const SourceOptions& options) {
  const Bytes file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  check_entries(file);
  check_shard(file, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string given(reinterpret_cast<const char*>(data), size), mended = with_checksums(given);
  const bool json = given.find(".json") != given.npos;
  const SourceOptions options = json ? SourceOptions{.label_field = "json", .fields = {"txt"}, .classes = 10}
                                     : SourceOptions{.classes = 1000};
  check(given, options);
  if (mended != given) check(mended, options);
  return 0;
}
