// Token shards: docs/formats/token-shard.md is the specification of the bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/random_access_file.h"

namespace echelon::data {

struct TokenShardHeader {
  int64_t token_bytes = 2;  ///< 2: uint16, 4: uint32
  int64_t tokens = 0;
  int64_t vocabulary = 0;  ///< all tokens are smaller
  uint64_t checksum = 0;   ///< XXH3-64 of all that follows the header; 0: none
  int64_t documents = 0;   ///< 0: the shard is one document, and has no index of them
  bool has_targets = false;
};

/// A shard in memory, as a rule mapped. Throws DataError that names the file and what is wrong: magic,
/// version, header fields that contradict each other or the size of the file, documents that do not rise.
class TokenShard {
 public:
  /// Of a file that is mapped, which it keeps open.
  explicit TokenShard(std::shared_ptr<const storage::RandomAccessFile> file);
  /// `bytes`: the content of a shard; `name` stands for it in messages.
  TokenShard(std::string bytes, std::string name);

  const TokenShardHeader& header() const { return header_; }
  std::span<const std::byte> tokens() const;  ///< little-endian, header().token_bytes each
  /// For each document the number of tokens up to its end, rising to header().tokens; empty where the header
  /// says 0.
  std::span<const uint64_t> document_ends() const;
  /// Whether token `i` is to be predicted; all are where header().has_targets is false.
  bool is_target(int64_t i) const;
  /// Reads everything once. Throws DataError when the checksum does not match; a shard without one passes.
  void verify() const;

  static bool has_magic(std::span<const std::byte> bytes);
  static constexpr int64_t kHeaderSize = 64;

 private:
  void check_documents() const;

  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
  std::string name_;
  TokenShardHeader header_;
};

/// What a shard is made of, document by document.
class TokenShardBuilder {
 public:
  /// `is_target`: for each token whether it is to be predicted; empty: all are.
  void add_document(std::span<const uint32_t> tokens, const std::vector<bool>& is_target = {});
  int64_t tokens() const { return static_cast<int64_t>(tokens_.size()); }
  /// The content of the shard, as uint16 when the vocabulary fits; so many bytes as `room` says may be
  /// appended without a copy. DataError for a token outside of the vocabulary names `name`.
  std::string bytes(int64_t vocabulary, const std::string& name, size_t room = 0) const;

 private:
  std::vector<uint32_t> tokens_;
  std::vector<uint64_t> document_ends_;
  std::vector<bool> is_target_;
  bool has_targets_ = false;  ///< some document said which
};

/// Writes a shard of one document atomically, with its checksum. Throws DataError for a token outside the
/// vocabulary or a file that cannot be written.
void write_token_shard(const std::filesystem::path& path, std::span<const uint32_t> tokens,
                       int64_t vocabulary);

}  // namespace echelon::data
