#include "data/text/open_texts.h"

#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "comm/text_exchange.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/text/document_encoder.h"
#include "data/text/token_shard.h"
#include "work/share_work.h"

namespace echelon::data {
namespace {

constexpr char kEncoded = 'e', kDamaged = 'd';

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
      encoded = work::share_work(static_cast<int64_t>(paths.size()), encode_part, request_.communicator);
    std::vector<OpenText> texts;
    for (size_t i = 0; i < paths.size(); ++i) texts.push_back(open_or_skip(paths[i], std::move(encoded[i])));
    if (skips()) agree_on_problems(texts);
    for (OpenText& text : texts) add(std::move(text));
    opened_.tokenizer = encoder_.tokenizer();
    return std::move(opened_);
  }

 private:
  struct OpenText {
    TokenSequence tokens;
    int64_t left_out_lines = 0;
    std::string problem{};  ///< not empty: the text is left out
  };

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

  /// The content of a token shard, the number of lines left out, and kEncoded; or why it is damaged, where
  /// that is skipped, and kDamaged; empty for what each rank opens by itself.
  std::string encode_or_skip(const std::string& path) const {
    try {
      return encodes(path) && !is_token_shard(path) ? encode(path) : "";
    } catch (const DataError& error) {
      if (!skips()) throw;
      return std::string(error.what()) + kDamaged;
    }
  }

  std::string encode(const std::string& path) const {
    TokenShardBuilder shard;
    try {
      const int64_t left_out =
          read_documents(*request_.storage, path, document_options(settings_),
                         [&](const Document& document) { encoder_.add(document, shard); });
      if (left_out > 0 && shard.tokens() == 0)
        throw DataError(str_format("all {} of its lines or rows are damaged", left_out));
      std::string bytes = shard.bytes(encoder_.vocabulary(), path, /*room=*/sizeof left_out + 1);
      bytes.append(reinterpret_cast<const char*>(&left_out), sizeof left_out);
      bytes += kEncoded;
      return bytes;
    } catch (const DataError& error) {
      const std::string problem = error.what();
      throw DataError(problem.starts_with(path) ? problem : str_format("{}: {}", path, problem));
    }
  }

  OpenText open_text(const std::string& path, std::string encoded) const {
    if (encoded.ends_with(kDamaged)) throw DataError(encoded.substr(0, encoded.size() - 1));
    if (encoded.ends_with(kEncoded)) {
      int64_t left_out = 0;
      const size_t end = encoded.size() - 1 - sizeof left_out;
      std::memcpy(&left_out, encoded.data() + end, sizeof left_out);
      encoded.resize(end);
      return {TokenSequence::from_tokenizer(path, std::move(encoded)), left_out};
    }
    const bool is_shard = is_token_shard(path);
    const auto file = request_.storage->open_unpacked(path);
    if (!is_shard) return {TokenSequence::from_bytes(file)};
    OpenText text{TokenSequence::from_shard(file, settings_.verify)};
    require_vocabulary(text.tokens.vocabulary(), path);
    return text;
  }

  OpenText open_or_skip(const std::string& path, std::string encoded) const {
    try {
      return open_text(path, std::move(encoded));
    } catch (const DataError& error) {
      if (!skips()) throw;
      return {.problem = error.what()};
    }
  }

  /// What one rank cannot open, for which the reason may lie with its node, no rank reads: the samples are
  /// the same on all.
  void agree_on_problems(std::vector<OpenText>& texts) const {
    if (request_.communicator == nullptr) return;
    std::string own;
    for (const OpenText& text : texts) own.append(text.problem.c_str()).push_back('\0');
    for (const std::string& others : gather_texts(*request_.communicator, own, "damaged texts")) {
      const char* problem = others.c_str();
      for (OpenText& text : texts) {
        if (text.problem.empty()) text.problem = problem;
        problem += std::strlen(problem) + 1;
      }
    }
  }

  void add(OpenText text) {
    if (text.problem.empty()) {
      opened_.left_out += text.left_out_lines;
      opened_.texts.push_back(std::move(text.tokens));
    } else if (++opened_.left_out; !std::exchange(told_, true)) {
      log::info("left out a damaged text (others are counted): {}", text.problem);
    }
  }

  const TextSettings& settings_;
  const OpenRequest& request_;
  DocumentEncoder encoder_;
  OpenTexts opened_;
  bool told_ = false;  ///< of a damaged text
};

}  // namespace

OpenTexts open_texts(const std::vector<std::string>& paths, const TextSettings& settings,
                     const OpenRequest& request) {
  return TextOpener(settings, request).open(paths);
}

}  // namespace echelon::data
