// The kinds of files that load_tokenizer tells apart. Each reader throws DataError that names the setting;
// the caller names the file.
#pragma once

#include <memory>
#include <string_view>

#include "tokenizer/json_node.h"
#include "tokenizer/tokenizer.h"

namespace echelon::tokenizer {

/// Hugging Face's tokenizer.json, version 1.0. `name` is for a remark in the log.
std::unique_ptr<Tokenizer> read_tokenizer_json(const Json& file, std::string_view name);

/// Mistral's tekken.json. Special tokens are not looked for in texts; `add_special_tokens` puts `<s>` first.
bool is_tekken(const Json& file);
std::unique_ptr<Tokenizer> read_tekken(const Json& file);

/// Lines of a token in base64, a blank and its rank. The file does not say by which pattern text is cut, nor
/// which special tokens there are: r50k_base, p50k_base, cl100k_base and o200k_base are recognised by how
/// many ranks they have, others refused. Special tokens are looked for in texts (tiktoken's
/// allowed_special="all").
bool is_rank_file(std::string_view bytes);
std::unique_ptr<Tokenizer> read_rank_file(std::string_view bytes);

/// A SentencePiece model, by its library. `add_special_tokens` puts the begin of text first, if it has one.
/// Control tokens show in no decoded text.
bool is_sentence_piece(std::string_view bytes);
std::unique_ptr<Tokenizer> read_sentence_piece(std::string_view bytes);

}  // namespace echelon::tokenizer
