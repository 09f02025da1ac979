#include "data/text/document_encoder.h"

#include "common/stage_clock.h"

namespace echelon::data {
namespace {

constexpr int64_t kByteVocabulary = 256;

}  // namespace

EncodingOptions encoding_options(const TextSettings& settings) {
  return {.tokenizer = settings.tokenizer ? settings.tokenizer->path : "",
          .end_of_document = settings.end_of_document,
          .special_tokens = settings.special_tokens};
}

DocumentEncoder::DocumentEncoder(const EncodingOptions& options) : special_tokens_(options.special_tokens) {
  if (!options.tokenizer.empty()) tokenizer_ = tokenizer::load_tokenizer(options.tokenizer);
  if (options.end_of_document) end_ = encode(*options.end_of_document, false);
}

int64_t DocumentEncoder::vocabulary() const {
  return tokenizer_ ? tokenizer_->vocabulary() : kByteVocabulary;
}

std::vector<uint32_t> DocumentEncoder::encode(std::string_view text, bool special_tokens) const {
  if (tokenizer_) return tokenizer_->encode(text, special_tokens);
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  return {bytes, bytes + text.size()};
}

void DocumentEncoder::add(const Document& document, TokenShardBuilder& shard) const {
  const StageScope scope(LoadStage::kTokenise);
  std::vector<uint32_t> tokens;
  std::vector<bool> is_target;
  for (const Segment& segment : document) {
    std::vector<uint32_t> encoded = encode(segment.text, special_tokens_);
    if (document.size() > 1) is_target.insert(is_target.end(), encoded.size(), segment.is_target);
    if (tokens.empty()) {
      tokens = std::move(encoded);
    } else {
      tokens.insert(tokens.end(), encoded.begin(), encoded.end());
    }
  }
  tokens.insert(tokens.end(), end_.begin(), end_.end());
  if (document.size() > 1) is_target.resize(tokens.size(), true);  // else all are
  shard.add_document(tokens, is_target);
}

}  // namespace echelon::data
