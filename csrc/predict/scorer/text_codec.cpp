#include "predict/scorer/text_codec.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/utf8.h"

namespace echelon::predict {
namespace {

constexpr int64_t kByteVocabulary = 256;

/// Whether training took bytes as tokens. Text that is read as it is needs no more than a vocabulary of 256,
/// or 257 with a token that hides others.
bool reads_bytes(const data::TextSettings& text, int64_t vocabulary) {
  if (text.tokenizer) return false;
  return text.format == data::TextFormat::kBytes ||
         (text.format == data::TextFormat::kAuto && vocabulary <= kByteVocabulary + 1);
}

const data::TextSettings& text_settings(const LoadedModel& model) {
  const auto* text = std::get_if<data::TextSettings>(&model.training.data);
  if (text == nullptr)
    throw ConfigError(
        str_format("model: {} was not trained on text, so that nothing says what its tokens "
                   "mean",
                   model.origin));
  return *text;
}

}  // namespace

TextCodec::TextCodec(const LoadedModel& model) : special_tokens_(text_settings(model).special_tokens) {
  const int64_t vocabulary = models::interface_of(model.training.model).output_limit;
  if (!model.tokenizer.empty()) {
    tokenizer_ = tokenizer::load_tokenizer(model.tokenizer);
  } else if (!reads_bytes(text_settings(model), vocabulary)) {
    throw ConfigError(
        str_format("model: {} holds no tokenizer; set model.tokenizer to the one that its training data were "
                   "made with",
                   model.origin));
  }
  if (this->vocabulary() > vocabulary)
    throw ConfigError(str_format("model: {} has a vocabulary of {}, its tokenizer one of {}", model.origin,
                                 vocabulary, this->vocabulary()));
  if (!special_tokens_ || !tokenizer_) return;
  const std::string_view probe = "a";
  const Ids own = tokenizer_->encode(probe), all = tokenizer_->encode(probe, true);
  const auto found = std::find_end(all.begin(), all.end(), own.begin(), own.end());
  if (found != all.end()) special_after_ = static_cast<size_t>(all.end() - found) - own.size();
}

int64_t TextCodec::vocabulary() const {
  return tokenizer_ ? tokenizer_->vocabulary() : kByteVocabulary;
}

Ids TextCodec::encode(std::string_view text) const {
  return special_tokens_ && tokenizer_ ? tokenizer_->encode(text, true) : encode_plainly(text);
}

Ids TextCodec::encode_beginning(std::string_view text) const {
  Ids ids = encode(text);
  ids.resize(ids.size() - special_after_);
  return ids;
}

Ids TextCodec::encode_plainly(std::string_view text) const {
  if (tokenizer_) return tokenizer_->encode(text);
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  return {bytes, bytes + text.size()};
}

std::string TextCodec::decode(std::span<const uint32_t> ids) const {
  if (tokenizer_) return tokenizer_->decode(ids);
  return tokenizer::replace_invalid_utf8(std::string(ids.begin(), ids.end()));
}

}  // namespace echelon::predict
