// Token shards: docs/formats/token-shard.md is the specification of the bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/file.h"

namespace echelon::data {

struct TokenShardHeader {
  int64_t token_bytes = 2;  ///< 2: uint16, 4: uint32
  int64_t tokens = 0;
  int64_t vocabulary = 0;  ///< all tokens are smaller
  uint64_t checksum = 0;   ///< XXH3-64 of the tokens' bytes; 0: none
};

/// A shard mapped read-only. Throws DataError that names the file and what is wrong: magic, version, header
/// fields that contradict each other or the size of the file.
class TokenShard {
 public:
  explicit TokenShard(const std::string& path);

  const TokenShardHeader& header() const { return header_; }
  std::span<const std::byte> tokens() const;  ///< little-endian, header().token_bytes each
  /// Reads everything once. Throws DataError when the checksum does not match; a shard without one passes.
  void verify() const;

  static bool has_magic(std::span<const std::byte> bytes);
  static constexpr int64_t kHeaderSize = 64;

 private:
  MappedFile file_;
  TokenShardHeader header_;
};

/// Writes a shard atomically, with its checksum; as uint16 when the vocabulary fits. Throws DataError for a
/// token outside the vocabulary or a file that cannot be written.
void write_token_shard(const fs::path& path, std::span<const uint32_t> tokens, int64_t vocabulary);

}  // namespace echelon::data
