#include <cmath>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/bpe.h"
#include "tokenizer/json_parts.h"
#include "tokenizer/unigram.h"
#include "tokenizer/word_piece.h"

namespace echelon::tokenizer {
namespace {

/// Of files without one (before version 0.8 of the reference).
std::string type_of(const JsonNode& model) {
  if (!model["type"].is_null()) return model["type"].text();
  if (!model["merges"].is_null()) return "BPE";
  return model["max_input_chars_per_word"].is_null() ? "" : "WordPiece";
}

Vocabulary read_vocabulary(const JsonNode& node) {
  if (!node.value().is_object()) node.refuse("no JSON object");
  Vocabulary vocabulary;
  for (const auto& [token, id] : node.value().items()) {
    const uint32_t number = id.is_number_unsigned() && id <= 0x7fffffff
                                ? id.get<uint32_t>()
                                : JsonNode(id, str_format("model.vocab \"{}\"", token)).id();
    if (!vocabulary.add(token, number))
      throw DataError(str_format("model.vocab gives {} to two tokens", number));
  }
  return vocabulary;
}

/// "a b" in older files, ["a", "b"] in newer ones.
Merges read_merges(const JsonNode& node) {
  if (!node.value().is_array()) node.refuse("no JSON array");
  Merges merges;
  merges.reserve(node.value().size());
  for (const Json& merge : node.value()) {
    const auto refuse = [&] {
      JsonNode(merge, str_format("model.merges[{}]", merges.size())).refuse("no pair of tokens");
    };
    if (merge.is_string()) {
      const auto& text = merge.get_ref<const std::string&>();
      if (text.starts_with("#version")) continue;
      const size_t blank = text.find(' ');
      if (blank == text.npos || text.find(' ', blank + 1) != text.npos) refuse();
      merges.emplace_back(text.substr(0, blank), text.substr(blank + 1));
    } else {
      if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string()) refuse();
      merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    }
  }
  return merges;
}

std::unique_ptr<Model> read_bpe(const JsonNode& model, bool bytes) {
  model.allow_keys({"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                    "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"});
  if (const JsonNode dropout = model["dropout"]; !dropout.is_null() && dropout.real() != 0) dropout.refuse();
  BpeSettings settings;
  settings.unknown = model["unk_token"].text_or_none();
  settings.fuse_unknown = model["fuse_unk"].flag_or(false);
  settings.byte_fallback = model["byte_fallback"].flag_or(false);
  settings.whole_words = model["ignore_merges"].flag_or(false);
  settings.continuing_prefix = model["continuing_subword_prefix"].text_or("");
  settings.end_suffix = model["end_of_word_suffix"].text_or("");
  Vocabulary vocabulary = read_vocabulary(model["vocab"]);
  const Merges merges = read_merges(model["merges"]);
  return bytes ? make_byte_bpe(std::move(vocabulary), merges, settings)
               : make_bpe(std::move(vocabulary), merges, settings);
}

std::unique_ptr<Model> read_word_piece(const JsonNode& model) {
  model.allow_keys({"type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"});
  const WordPieceSettings settings{.unknown = model["unk_token"].text(),
                                   .continuing_prefix = model["continuing_subword_prefix"].text(),
                                   .max_characters = model["max_input_chars_per_word"].number()};
  return make_word_piece(read_vocabulary(model["vocab"]), settings);
}

std::unique_ptr<Model> read_unigram(const JsonNode& model) {
  model.allow_keys({"type", "unk_id", "vocab", "byte_fallback"});
  UnigramSettings settings;
  settings.byte_fallback = model["byte_fallback"].flag_or(false);
  Vocabulary vocabulary;
  const JsonNode entries = model["vocab"];
  if (!entries.value().is_array()) entries.refuse("no JSON array");
  for (const Json& entry : entries.value()) {
    const auto id = static_cast<uint32_t>(settings.scores.size());
    const JsonNode node(entry, str_format("model.vocab[{}]", id));
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
      node.refuse("no pair of token and score");
    if (!vocabulary.add(entry[0].get<std::string>(), id)) node.refuse("there twice");
    settings.scores.push_back(entry[1].get<double>());
    if (std::isnan(settings.scores.back())) node.refuse("no score");
  }
  if (const JsonNode unknown = model["unk_id"]; !unknown.is_null()) {
    settings.unknown = unknown.id();
    if (*settings.unknown >= settings.scores.size()) unknown.refuse("beyond model.vocab");
  }
  return make_unigram(std::move(vocabulary), settings);
}

}  // namespace

bool takes_bytes(const JsonNode& model) {
  return type_of(model) == "BPE" && model["continuing_subword_prefix"].text_or("").empty() &&
         model["end_of_word_suffix"].text_or("").empty();
}

std::unique_ptr<Model> read_model(const JsonNode& model, bool bytes) {
  const std::string type = type_of(model);
  if (type == "BPE") return read_bpe(model, bytes);
  if (type == "WordPiece") return read_word_piece(model);
  if (type == "Unigram") return read_unigram(model);
  (model["type"].is_null() ? model : model["type"]).refuse();
}

}  // namespace echelon::tokenizer
