#include "data/text/open_texts.h"

#include <array>
#include <cstring>
#include <memory>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/partition.h"
#include "data/text/document_encoder.h"
#include "data/text/token_shard.h"

namespace echelon::data {
namespace {

class TextOpener {
 public:
  TextOpener(const TextSettings& settings, const OpenRequest& request)
      : settings_(settings), request_(request), encoder_(encoding_options(settings)) {
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
    return encoder_.tokenizer() != nullptr || encoder_.marks_ends() ||
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

  /// The number of lines left out and the content of a token shard; empty for token shards, for what is
  /// mapped and for what is damaged and skipped.
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
          read_documents(*request_.storage, path, document_options(settings_),
                         [&](const Document& document) { encoder_.add(document, shard); });
      return std::string(reinterpret_cast<const char*>(&left_out), sizeof left_out) +
             shard.bytes(encoder_.vocabulary(), path);
    } catch (const DataError& error) {
      const std::string problem = error.what();
      throw DataError(problem.starts_with(path) ? problem : str_format("{}: {}", path, problem));
    }
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
        std::memcpy(&left_out, encoded.data(), sizeof left_out);
        opened_.left_out += left_out;
        opened_.texts.push_back(TokenSequence::from_tokenizer(path, encoded.substr(sizeof left_out)));
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
  DocumentEncoder encoder_;
  OpenTexts opened_;
};

}  // namespace

OpenTexts open_texts(const std::vector<std::string>& paths, const TextSettings& settings,
                     const OpenRequest& request) {
  return TextOpener(settings, request).open(paths);
}

}  // namespace echelon::data
