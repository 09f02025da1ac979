#include "data/text/tokenizer.h"

#include "common/error.h"
#include "common/format.h"
#include "data/text/pre_tokenizer.h"
#include "data/text/tokenizer_file.h"

namespace echelon::data {
namespace {

class ByteLevelBpe : public Tokenizer {
 public:
  explicit ByteLevelBpe(TokenizerFile file)
      : file_(std::move(file)), merger_(file_.byte_tokens, file_.merges) {}

  int64_t vocabulary() const override { return file_.vocabulary; }

  std::vector<uint32_t> encode(std::string_view text) override {
    const size_t invalid = first_invalid_utf8(text);
    if (invalid != text.size()) throw DataError(str_format("byte {} is no valid UTF-8", invalid));
    std::vector<uint32_t> tokens;
    split(text, file_.added, tokens, [&](std::string_view piece) {
      split(piece, file_.added_normalised, tokens,
            [&](std::string_view plain) { encode_piece(plain, tokens); });
    });
    return tokens;
  }

 private:
  /// Appends the added tokens in `text`, and calls `encode_rest` for what lies between them.
  template <class EncodeRest>
  void split(std::string_view text, const AddedTokens& added, std::vector<uint32_t>& tokens,
             const EncodeRest& encode_rest) {
    size_t start = 0;
    while (const auto match = added.find(text, start)) {
      if (match->start > start) encode_rest(text.substr(start, match->start - start));
      tokens.push_back(match->id);
      start = match->start + match->length;
    }
    if (start < text.size()) encode_rest(text.substr(start));
  }

  void encode_piece(std::string_view piece, std::vector<uint32_t>& tokens) {
    std::string prefixed;
    if (file_.add_prefix_space && !piece.starts_with(' ')) {
      prefixed.reserve(piece.size() + 1);
      prefixed.append(" ").append(piece);
      piece = prefixed;
    }
    while (!piece.empty()) {
      const size_t length = file_.use_pattern ? splitter_.first_word(piece) : piece.size();
      encode_word(piece.substr(0, length), tokens);
      piece.remove_prefix(length);
    }
  }

  void encode_word(std::string_view word, std::vector<uint32_t>& tokens) {
    if (!file_.whole_words.empty()) {
      const auto whole = file_.whole_words.find(std::string(word));
      if (whole != file_.whole_words.end()) return tokens.push_back(whole->second);
    }
    merger_.encode(word, tokens);
  }

  TokenizerFile file_;
  BytePairMerger merger_;
  WordSplitter splitter_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path) {
  return std::make_unique<ByteLevelBpe>(read_tokenizer_file(path));
}

}  // namespace echelon::data
