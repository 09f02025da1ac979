#include "data/image/shard_writer.h"

#include <xxhash.h>

#include <new>

#include "common/error.h"
#include "common/format.h"
#include "data/image/tar_index.h"

namespace echelon::data {

ShardWriter::ShardWriter(TarWriter::Sink sink)
    : archive_([this, sink = std::move(sink)](std::string_view bytes) {
        XXH3_64bits_update(checksum_, bytes.data(), bytes.size());
        sink(bytes);
      }),
      checksum_(XXH3_createState()) {
  if (checksum_ == nullptr) throw std::bad_alloc();
  XXH3_64bits_reset(checksum_);
}

ShardWriter::~ShardWriter() {
  XXH3_freeState(checksum_);
}

void ShardWriter::check(const Sample& sample) {
  if (sample.fields.empty()) throw DataError(str_format("key \"{}\": a sample without fields", sample.key));
  for (const SampleField& field : sample.fields) {
    const std::string name = sample.key + "." + field.extension;
    const auto read_back = split_field(name);
    if (!read_back || read_back->key != sample.key || read_back->field != field.extension ||
        !TarIndexBuilder::can_hold(sample.key, field.extension)) {
      throw DataError(str_format("key \"{}\" with .{} cannot be the name of a field in a shard", sample.key,
                                 field.extension));
    }
  }
}

void ShardWriter::add(const Sample& sample) {
  check(sample);
  for (const SampleField& field : sample.fields) {
    const TarEntry entry = archive_.add(sample.key + "." + field.extension, field.content);
    index_.add(sample.key, field.extension, entry, field.content);
  }
}

std::string ShardWriter::finish() {
  archive_.finish();
  const std::string& header = archive_.last_header();
  return index_.bytes({.size = archive_.size(),
                       .checksum = XXH3_64bits_digest(checksum_),
                       .probe = header.empty() ? 0 : XXH3_64bits(header.data(), header.size())});
}

}  // namespace echelon::data
