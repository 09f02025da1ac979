#include "data/image/tar_index_builder.h"

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

template <class Number>
void put(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

uint64_t tar_index_checksum(std::string bytes) {
  std::memset(bytes.data() + offsetof(TarIndexHeader, checksum), 0, sizeof(uint64_t));
  return XXH3_64bits(bytes.data(), bytes.size());
}

bool is_image_field(std::string_view extension) {
  return extension == "jpg" || extension == "jpeg" || extension == "png" || extension == "webp";
}

bool TarIndexBuilder::can_hold(std::string_view key, std::string_view extension) {
  return key.size() <= kMostInTwoBytes && extension.size() <= std::numeric_limits<uint8_t>::max();
}

uint16_t TarIndexBuilder::number_of(std::string_view extension) {
  const auto found = std::find(extensions_.begin(), extensions_.end(), extension);
  if (found == extensions_.end()) {
    if (extensions_.size() == kMostInTwoBytes)
      throw DataError(str_format("more than {} different extensions", kMostInTwoBytes));
    extensions_.emplace_back(extension);
    return static_cast<uint16_t>(extensions_.size() - 1);
  }
  return static_cast<uint16_t>(found - extensions_.begin());
}

void TarIndexBuilder::add(std::string_view key, std::string_view extension, const TarEntry& entry,
                          std::string_view content) {
  if (!can_hold(key, extension))
    throw DataError(str_format("key \"{}\" with .{} is too long for an index", key, extension));
  if (key != key_) {
    close_sample();
    key_ = std::string(key);
  }
  if (fields_in_sample_ == kMostInTwoBytes)
    throw DataError(str_format("key \"{}\" has more than {} fields", key, kMostInTwoBytes));
  const bool stored = content.size() <= kMostStored && !is_image_field(extension);
  put(fields_, static_cast<uint64_t>(entry.offset));
  put(fields_, static_cast<uint64_t>(entry.size));
  put(fields_, static_cast<uint32_t>(entry.data_offset - entry.offset));
  put(fields_, number_of(extension));
  put(fields_, stored ? static_cast<uint16_t>(content.size()) : kNotStored);
  if (stored) fields_ += content;
  ++fields_in_sample_;
  ++field_count_;
}

void TarIndexBuilder::close_sample() {
  if (fields_in_sample_ == 0) return;
  put(samples_, static_cast<uint16_t>(key_.size()));
  put(samples_, fields_in_sample_);
  samples_ += key_;
  samples_ += fields_;
  fields_.clear();
  fields_in_sample_ = 0;
  ++sample_count_;
}

std::string TarIndexBuilder::bytes(const ShardIdentity& shard) const {
  TarIndexBuilder all = *this;
  all.close_sample();
  TarIndexHeader layout{.extensions = static_cast<uint32_t>(all.extensions_.size()),
                        .samples = all.sample_count_,
                        .fields = all.field_count_,
                        .shard_size = static_cast<uint64_t>(shard.size),
                        .shard_checksum = shard.checksum,
                        .probe = shard.probe};
  std::string bytes(reinterpret_cast<const char*>(&layout), sizeof layout);
  for (const std::string& extension : all.extensions_) {
    put(bytes, static_cast<uint8_t>(extension.size()));
    bytes += extension;
  }
  bytes += all.samples_;
  const uint64_t checksum = tar_index_checksum(bytes);
  std::memcpy(bytes.data() + offsetof(TarIndexHeader, checksum), &checksum, sizeof checksum);
  return bytes;
}

}  // namespace echelon::data
