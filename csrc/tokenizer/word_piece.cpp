#include "tokenizer/word_piece.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/trie.h"

namespace echelon::tokenizer {
namespace {

class WordPiece : public Model {
 public:
  WordPiece(Vocabulary vocabulary, const WordPieceSettings& settings)
      : vocabulary_(std::move(vocabulary)), settings_(settings) {
    const auto unknown = vocabulary_.find(settings_.unknown);
    if (!unknown)
      throw DataError(str_format("model.unk_token: \"{}\" is not in model.vocab", settings_.unknown));
    unknown_ = *unknown;
    const std::string& prefix = settings_.continuing_prefix;
    for (const Vocabulary::Token& token : vocabulary_.tokens()) {
      starting_.add(token.text, token.id);
      if (token.text.starts_with(prefix))
        continuing_.add(std::string_view(token.text).substr(prefix.size()), token.id);
    }
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void encode(std::string_view word, ModelWorkspace&, Ids& ids) const override {
    const size_t start = ids.size();
    if (!is_too_long(word)) {
      for (const Trie* tokens = &starting_; !word.empty(); tokens = &continuing_) {
        const auto match = tokens->longest_prefix(word);
        if (!match || match->length == 0) break;
        ids.push_back(match->value);
        word.remove_prefix(match->length);
      }
      if (word.empty()) return;
    }
    ids.resize(start);
    ids.push_back(unknown_);
  }

 private:
  bool is_too_long(std::string_view word) const {
    if (word.size() <= settings_.max_characters) return false;
    const auto starts_character = [](char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; };
    return static_cast<uint64_t>(std::count_if(word.begin(), word.end(), starts_character)) >
           settings_.max_characters;
  }

  Vocabulary vocabulary_;
  WordPieceSettings settings_;
  Trie starting_, continuing_;
  uint32_t unknown_ = 0;
};

}  // namespace

std::unique_ptr<Model> make_word_piece(Vocabulary vocabulary, const WordPieceSettings& settings) {
  return std::make_unique<WordPiece>(std::move(vocabulary), settings);
}

}  // namespace echelon::tokenizer
