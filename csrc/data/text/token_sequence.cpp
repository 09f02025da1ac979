#include "data/text/token_sequence.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "data/text/mapped_content.h"
#include "data/text/token_shard.h"

namespace echelon::data {

TokenSequence TokenSequence::from_shard(const File& file, bool verify) {
  const auto shard = std::make_shared<const TokenShard>(file);
  if (shard->header().tokens == 0) throw DataError(str_format("{}: the shard holds no tokens", file->name()));
  if (verify) shard->verify();
  TokenSequence sequence = of(file->name(), shard);
  sequence.file_offset_ = TokenShard::kHeaderSize;
  return sequence;
}

TokenSequence TokenSequence::of(const std::string& path, std::shared_ptr<const TokenShard> shard) {
  TokenSequence sequence;
  sequence.path_ = path;
  sequence.shard_ = shard.get();
  sequence.data_ = reinterpret_cast<const char*>(shard->tokens().data());
  sequence.size_ = shard->header().tokens;
  sequence.token_bytes_ = shard->header().token_bytes;
  sequence.vocabulary_ = shard->header().vocabulary;
  sequence.owner_ = std::move(shard);
  return sequence;
}

TokenSequence TokenSequence::from_bytes(const File& file) {
  if (file->size() == 0) throw DataError(str_format("{}: the file is empty", file->name()));
  TokenSequence sequence;
  sequence.path_ = file->name();
  sequence.owner_ = file;
  sequence.data_ = reinterpret_cast<const char*>(mapped_content(*file).data());
  sequence.size_ = file->size();
  sequence.vocabulary_ = 256;
  sequence.file_offset_ = 0;
  return sequence;
}

TokenSequence TokenSequence::from_tokenizer(const std::string& path, std::string shard) {
  TokenSequence sequence = of(path, std::make_shared<const TokenShard>(std::move(shard), path));
  if (sequence.size() == 0) throw DataError(str_format("{}: the file is empty", path));
  return sequence;
}

int64_t TokenSequence::documents() const {
  return shard_ == nullptr ? 1 : std::max<int64_t>(1, shard_->header().documents);
}

int64_t TokenSequence::document_start(int64_t i) const {
  if (i == 0) return 0;
  return i == documents() ? size_ : static_cast<int64_t>(shard_->document_ends()[static_cast<size_t>(i - 1)]);
}

int64_t TokenSequence::document_of(int64_t i) const {
  if (documents() == 1) return 0;
  const std::span<const uint64_t> ends = shard_->document_ends();
  return std::upper_bound(ends.begin(), ends.end(), static_cast<uint64_t>(i)) - ends.begin();
}

bool TokenSequence::has_targets() const {
  return shard_ != nullptr && shard_->header().has_targets;
}

bool TokenSequence::is_target(int64_t i) const {
  return shard_ == nullptr || shard_->is_target(i);
}

template <class Token>
bool TokenSequence::copy(int64_t first, int64_t count, int64_t limit, int64_t* tokens) const {
  const char* source = data_ + first * static_cast<int64_t>(sizeof(Token));
  Token largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    Token token;
    std::memcpy(&token, source + i * sizeof(Token), sizeof token);
    largest = std::max(largest, token);
    tokens[i] = token;
  }
  return largest < limit;
}

void TokenSequence::read(int64_t first, int64_t count, int64_t limit, int64_t* tokens) const {
  count_bytes_read(count * token_bytes_);
  const bool fits = token_bytes_ == 1   ? copy<uint8_t>(first, count, limit, tokens)
                    : token_bytes_ == 2 ? copy<uint16_t>(first, count, limit, tokens)
                                        : copy<uint32_t>(first, count, limit, tokens);
  if (fits) return;
  const int64_t at =
      first + (std::find_if(tokens, tokens + count, [&](int64_t token) { return token >= limit; }) - tokens);
  const std::string place = file_offset_ < 0 ? str_format("token number {} of the text", at)
                                             : str_format("offset {}", file_offset_ + at * token_bytes_);
  throw DataError(str_format("{}, {}: token {} lies outside the vocabulary of {} (0 to {})", path_, place,
                             tokens[at - first], limit, limit - 1));
}

}  // namespace echelon::data
