// Any bytes as a token shard: refused with a DataError, or tokens, documents and sequences that hold
// together, and a shard that is written again the same. Seeds: corpus/token_shard.
#include <vector>

#include "bytes.h"
#include "common/error.h"
#include "data/text/sequences.h"
#include "data/text/token_shard.h"

namespace {

using namespace echelon;
using namespace echelon::data;

/// Documents rise, and each token lies in the one that is said to hold it.
void check_documents(const TokenSequence& text) {
  require(text.document_start(0) == 0 && text.document_start(text.documents()) == text.size());
  for (int64_t i = 0; i < text.documents(); ++i) {
    const int64_t begin = text.document_start(i), end = text.document_start(i + 1);
    require(begin < end);
    require(text.document_of(begin) == i && text.document_of(end - 1) == i);
  }
}

/// The tokens, or nothing where one lies outside the vocabulary.
std::vector<int64_t> tokens_of(const TokenSequence& text) {
  std::vector<int64_t> tokens(static_cast<size_t>(text.size()));
  try {
    text.read(0, text.size(), text.vocabulary(), tokens.data());
  } catch (const DataError&) {
    return {};
  }
  for (const int64_t token : tokens) require(token >= 0 && token < text.vocabulary());
  return tokens;
}

/// What TokenShardBuilder makes of the same documents reads as the same.
void check_writing(const TokenSequence& text, const std::vector<int64_t>& tokens) {
  TokenShardBuilder builder;
  for (int64_t i = 0; i < text.documents(); ++i) {
    const int64_t begin = text.document_start(i), end = text.document_start(i + 1);
    std::vector<bool> targets;
    for (int64_t t = begin; text.has_targets() && t < end; ++t) targets.push_back(text.is_target(t));
    builder.add_document(std::vector<uint32_t>(tokens.begin() + begin, tokens.begin() + end), targets);
  }
  const std::string bytes = builder.bytes(text.vocabulary(), "again");
  TokenShard(bytes, "again").verify();
  const TokenSequence again = TokenSequence::from_tokenizer("again", bytes);
  require(tokens_of(again) == tokens && again.documents() == text.documents());
  for (int64_t t = 0; t < text.size(); ++t) {
    require(again.is_target(t) == text.is_target(t) && again.document_of(t) == text.document_of(t));
  }
}

/// Returns how many tokens the pieces hold. Each lies within the text, with the tokens that follow it.
int64_t check_pieces(const Sequences& sequences, const TokenSequence& text, const SequenceShape& shape) {
  int64_t held = 0;
  std::vector<Piece> pieces;
  for (int64_t i = 0; i < sequences.size(); ++i) {
    sequences.pieces(i, pieces);
    for (const Piece& piece : pieces) {
      require(piece.text == 0 && piece.first >= 0 && piece.length > 0 && piece.length <= shape.length);
      require(piece.first + piece.length + shape.following <= text.size());
      held += piece.length;
    }
  }
  return held;
}

void check_sequences(const TokenSequence& text, const SequenceShape& shape) {
  const std::vector<TokenSequence> texts{text};
  check_pieces(*stream_sequences(texts, {}, shape), text, shape);
  check_pieces(*stream_sequences(texts, {0.25, 0.75}, shape), text, shape);
  const int64_t held = check_pieces(*single_sequences(texts, {}, shape), text, shape);
  require(check_pieces(*packed_sequences(texts, {}, shape), text, shape) == held);
  require(check_pieces(*bucketed_sequences(texts, {}, shape, 3 * shape.length, 7), text, shape) == held);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const TokenSequence text = TokenSequence::from_tokenizer("fuzzed", bytes);
    check_documents(text);
    const std::vector<int64_t> tokens = tokens_of(text);
    if (!tokens.empty()) check_writing(text, tokens);
    check_sequences(
        text, {.length = 1 + static_cast<int64_t>(size % 13), .following = static_cast<int64_t>(size % 2)});
    TokenShard(bytes, "fuzzed").verify();
  } catch (const DataError&) {
  }
  return 0;
}
