// WordPiece: the longest token that a word starts with, then the longest that goes on (Schuster and Nakajima,
// "Japanese and Korean Voice Search", 2012; as in Devlin et al., "BERT", 2019).
#pragma once

#include <memory>
#include <string>

#include "tokenizer/model.h"

namespace echelon::tokenizer {

struct WordPieceSettings {
  std::string unknown = "[UNK]";  ///< what a word becomes that tokens do not make up
  std::string continuing_prefix = "##";
  uint64_t max_characters = 100;  ///< longer words are unknown
};

/// DataError when the unknown token is not in the vocabulary.
std::unique_ptr<Model> make_word_piece(Vocabulary vocabulary, const WordPieceSettings& settings);

}  // namespace echelon::tokenizer
