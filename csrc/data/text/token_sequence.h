// One text as tokens, wherever they come from.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "storage/random_access_file.h"

namespace echelon::data {

class TokenShard;

/// Little-endian unsigned tokens in memory: a shard, mapped or made by a tokenizer, or the bytes of a text.
/// Immutable and safe for several threads.
class TokenSequence {
 public:
  using File = std::shared_ptr<const storage::RandomAccessFile>;

  /// A token shard, mapped; `verify`: its checksum is compared. Throws DataError, also for one without
  /// tokens.
  static TokenSequence from_shard(const File& file, bool verify);
  /// Each byte of a file is a token. Throws DataError, also for an empty file.
  static TokenSequence from_bytes(const File& file);
  /// `shard`: the content of a token shard made from the text at `path`.
  static TokenSequence from_tokenizer(const std::string& path, std::string shard);

  int64_t size() const { return size_; }
  /// All tokens are smaller, if the source is as it says.
  int64_t vocabulary() const { return vocabulary_; }
  const std::string& path() const { return path_; }
  /// Copies tokens [first, first + count). DataError names file and offset of a token that is not below
  /// `limit`.
  void read(int64_t first, int64_t count, int64_t limit, int64_t* tokens) const;

  int64_t documents() const;
  /// The tokens before document `i`, 0 ≤ i ≤ documents().
  int64_t document_start(int64_t i) const;
  /// The document that holds token `i`.
  int64_t document_of(int64_t i) const;
  /// Whether some tokens are only read, not predicted.
  bool has_targets() const;
  bool is_target(int64_t i) const;

 private:
  static TokenSequence of(const std::string& path, std::shared_ptr<const TokenShard> shard);
  template <class Token>
  bool copy(int64_t first, int64_t count, int64_t limit, int64_t* tokens) const;

  std::string path_;
  std::shared_ptr<const void> owner_;
  const TokenShard* shard_ = nullptr;  ///< null: one document of bytes
  const char* data_ = nullptr;
  int64_t size_ = 0;
  int64_t token_bytes_ = 1;
  int64_t vocabulary_ = 0;
  int64_t file_offset_ = -1;  ///< of the first token; negative: the tokens are in no file
};

}  // namespace echelon::data
