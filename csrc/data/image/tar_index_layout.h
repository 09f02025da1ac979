// The bytes of a shard's index that its writer and its reader agree on: docs/formats/tar-index.md.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace echelon::data {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in the file");

inline constexpr std::array<char, 8> kTarIndexMagic{'E', 'C', 'H', 'T', 'A', 'R', 'I', 'X'};
inline constexpr uint32_t kTarIndexVersion = 1;
inline constexpr size_t kMostStored = 64;
inline constexpr uint16_t kNotStored = 0xffff;
inline constexpr size_t kMostInTwoBytes = 0xffff;  // of what is counted in two bytes
inline constexpr int64_t kTarBlock = 512;

/// The header as it lies on disk.
struct TarIndexHeader {
  std::array<char, 8> magic = kTarIndexMagic;
  uint32_t version = kTarIndexVersion;
  uint32_t extensions = 0;
  uint64_t samples = 0;
  uint64_t fields = 0;
  uint64_t shard_size = 0;
  uint64_t shard_checksum = 0;
  uint64_t probe = 0;
  uint64_t checksum = 0;
};
static_assert(sizeof(TarIndexHeader) == 64);

/// What a shard must be for its index to be true.
struct ShardIdentity {
  int64_t size = 0;
  uint64_t checksum = 0;  ///< XXH3-64 of the shard
  uint64_t probe = 0;     ///< XXH3-64 of the block before the content of the last field
};

/// XXH3-64 of an index, its own eight bytes in the header being zero.
uint64_t tar_index_checksum(std::string bytes);

/// Whether fields of this extension are images: jpg, jpeg, png, webp.
bool is_image_field(std::string_view extension);

}  // namespace echelon::data
