#include "data/text/open_texts.h"

#include <array>
#include <cstring>
#include <memory>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "common/stage_clock.h"
#include "data/partition.h"
#include "data/text/documents.h"
#include "data/text/token_shard.h"
#include "tokenizer/tokenizer.h"

namespace echelon::data {
namespace {

constexpr int64_t kByteVocabulary = 256;

/// Text as tokens of a tokenizer, or each byte as one.
class Encoder {
 public:
  explicit Encoder(const TextSettings& settings) {
    if (settings.tokenizer) tokenizer_ = tokenizer::load_tokenizer(settings.tokenizer->path);
    if (settings.end_of_document) end_ = encode(*settings.end_of_document, false);
  }
  bool has_tokenizer() const { return tokenizer_ != nullptr; }
  const std::shared_ptr<const tokenizer::Tokenizer>& tokenizer() const { return tokenizer_; }
  int64_t vocabulary() const { return tokenizer_ ? tokenizer_->vocabulary() : kByteVocabulary; }
  /// What stands at the end of each document.
  const std::vector<uint32_t>& end() const { return end_; }

  std::vector<uint32_t> encode(std::string_view text, bool add_special_tokens) const {
    if (tokenizer_) return tokenizer_->encode(text, add_special_tokens);
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    return {bytes, bytes + text.size()};
  }

 private:
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  std::vector<uint32_t> end_;
};

class TextOpener {
 public:
  TextOpener(const TextSettings& settings, const OpenRequest& request)
      : settings_(settings), request_(request), encoder_(settings) {
    if (settings.tokenizer) require_vocabulary(encoder_.vocabulary(), settings.tokenizer->path);
  }

  OpenTexts open(const std::vector<std::string>& paths) {
    const auto encode_part = [&](int64_t i) { return encode_or_skip(paths[static_cast<size_t>(i)]); };
    std::vector<std::string> encoded(paths.size());
    if (any_encoded(paths))
      encoded = share_work(static_cast<int64_t>(paths.size()), encode_part, request_.communicator);
    for (size_t i = 0; i < paths.size(); ++i) add(paths[i], std::move(encoded[i]));
    opened_.tokenizer = encoder_.tokenizer();
    return std::move(opened_);
  }

 private:
  bool skips() const { return settings_.on_error == OnError::kSkip; }

  bool is_token_shard(const std::string& path) const {
    if (settings_.format != TextFormat::kAuto) return settings_.format == TextFormat::kTokens;
    if (document_format(path) != DocumentFormat::kPlain) return false;
    std::array<uint8_t, 8> beginning{};
    const auto stream = request_.storage->stream(path, {}, {.blocks = 0});
    const size_t got = storage::read_fully(*stream, beginning);
    return TokenShard::has_magic(std::as_bytes(std::span(beginning).first(got)));
  }

  /// Whether a file that is no token shard goes through the encoder, instead of being mapped as it is.
  bool encodes(const std::string& path) const {
    return encoder_.has_tokenizer() || !encoder_.end().empty() ||
           document_format(path) != DocumentFormat::kPlain;
  }

  bool any_encoded(const std::vector<std::string>& paths) const {
    for (const std::string& path : paths) {
      if (encodes(path)) return true;
    }
    return false;
  }

  void require_vocabulary(int64_t vocabulary, const std::string& path) const {
    const int64_t limit = request_.model.limit;
    if (vocabulary <= limit) return;
    throw DataError(
        str_format("{}: a vocabulary of {} does not fit the model's of {}; set the model's to at least {}",
                   path, vocabulary, limit, vocabulary));
  }

  /// The content of a token shard and, behind it, the number of lines left out; empty for token shards, for
  /// what is mapped and for what is damaged and skipped.
  std::string encode_or_skip(const std::string& path) const {
    try {
      return encodes(path) && !is_token_shard(path) ? encode(path) : "";
    } catch (const Error& error) {
      if (!skips()) throw;
      return "";
    }
  }

  std::string encode(const std::string& path) const {
    TokenShardBuilder shard;
    try {
      const int64_t left_out =
          read_documents(*request_.storage, path, settings_,
                         [&](const Document& document) { add_document(document, shard); });
      std::string bytes = shard.bytes(encoder_.vocabulary(), path, /*room=*/sizeof left_out);
      return bytes.append(reinterpret_cast<const char*>(&left_out), sizeof left_out);
    } catch (const DataError& error) {
      const std::string problem = error.what();
      throw DataError(problem.starts_with(path) ? problem : str_format("{}: {}", path, problem));
    }
  }

  void add_document(const Document& document, TokenShardBuilder& shard) const {
    const StageScope scope(LoadStage::kTokenise);
    std::vector<uint32_t> tokens;
    std::vector<bool> is_target;
    for (const Segment& segment : document) {
      std::vector<uint32_t> encoded = encoder_.encode(segment.text, settings_.special_tokens);
      if (document.size() > 1) is_target.insert(is_target.end(), encoded.size(), segment.is_target);
      if (tokens.empty()) {
        tokens = std::move(encoded);
      } else {
        tokens.insert(tokens.end(), encoded.begin(), encoded.end());
      }
    }
    tokens.insert(tokens.end(), encoder_.end().begin(), encoder_.end().end());
    if (document.size() > 1) is_target.resize(tokens.size(), true);  // else all are
    shard.add_document(tokens, is_target);
  }

  void add(const std::string& path, std::string encoded) {
    try {
      if (is_token_shard(path)) {
        opened_.texts.push_back(
            TokenSequence::from_shard(request_.storage->open_unpacked(path), settings_.verify));
        require_vocabulary(opened_.texts.back().vocabulary(), path);
      } else if (encodes(path)) {
        if (encoded.empty()) encoded = encode(path);  // it was skipped: to say why
        int64_t left_out = 0;
        const size_t end = encoded.size() - sizeof left_out;
        std::memcpy(&left_out, encoded.data() + end, sizeof left_out);
        encoded.resize(end);
        opened_.left_out += left_out;
        opened_.texts.push_back(TokenSequence::from_tokenizer(path, std::move(encoded)));
      } else {
        opened_.texts.push_back(TokenSequence::from_bytes(request_.storage->open_unpacked(path)));
      }
    } catch (const Error& error) {
      if (!skips()) throw;
      if (opened_.left_out++ == 0)
        log::info("left out a damaged text (others are counted): {}", error.what());
    }
  }

  const TextSettings& settings_;
  const OpenRequest& request_;
  Encoder encoder_;
  OpenTexts opened_;
};

}  // namespace

OpenTexts open_texts(const std::vector<std::string>& paths, const TextSettings& settings,
                     const OpenRequest& request) {
  return TextOpener(settings, request).open(paths);
}

}  // namespace echelon::data
