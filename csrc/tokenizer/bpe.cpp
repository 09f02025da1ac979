#include "tokenizer/bpe.h"

#include <array>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

using ByteIds = std::array<std::optional<uint32_t>, 256>;

MergeTable make_table(const Vocabulary& vocabulary, const Merges& merges, const std::string& prefix) {
  MergeTable table(merges.size());
  uint32_t rank = 0;
  for (const auto& [left, right] : merges) {
    const auto a = vocabulary.find(left), b = vocabulary.find(right);
    // With a prefix the right side loses it; what is too short for one has none.
    const std::string rest = right.size() >= prefix.size() ? right.substr(prefix.size()) : "";
    const auto whole = vocabulary.find(left + rest);
    if (!a || !b || !whole) {
      throw DataError(
          str_format("model.merges: \"{}\" and \"{}\" or what they make is not in model.vocab", left, right));
    }
    table.add(*a, *b, {rank++, *whole});
  }
  return table;
}

/// Over characters, as the file writes them.
class CharacterBpe : public Model {
 public:
  CharacterBpe(Vocabulary vocabulary, const Merges& merges, const BpeSettings& settings)
      : vocabulary_(std::move(vocabulary)),
        settings_(settings),
        table_(make_table(vocabulary_, merges, settings.continuing_prefix)) {
    if (settings_.unknown) {
      unknown_ = vocabulary_.find(*settings_.unknown);
      if (!unknown_)
        throw DataError(str_format("model.unk_token: \"{}\" is not in model.vocab", *settings_.unknown));
    }
    for (int byte = 0; byte < 256 && settings_.byte_fallback; ++byte)
      bytes_[byte] = vocabulary_.find(str_format("<0x{:02X}>", byte));
    for (int letter = 0; letter < 128; ++letter)
      ascii_[letter] = vocabulary_.find(std::string(1, static_cast<char>(letter)));
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void encode(std::string_view word, ModelWorkspace& workspace, Ids& ids) const override {
    if (settings_.whole_words) {
      if (const auto whole = vocabulary_.find(word)) return ids.push_back(*whole);
    }
    workspace.symbols.clear();
    append_symbols(word, workspace.symbols);
    workspace.merge.merge(workspace.symbols, table_, ids);
  }

 private:
  void append_symbols(std::string_view word, Ids& symbols) const {
    bool waiting = false;  // whether an unknown one is still to be added
    const auto flush = [&] {
      if (waiting) symbols.push_back(*unknown_);
      waiting = false;
    };
    for (size_t at = 0; at < word.size();) {
      const std::string_view character = word.substr(at, character_length(word[at]));
      const bool first = at == 0;
      at += character.size();
      if (const auto id = id_of(character, first, at == word.size())) {
        flush();
        symbols.push_back(*id);
      } else if (settings_.byte_fallback && append_bytes(character, first, at == word.size(), symbols)) {
        // An unknown one before stays behind: the reference adds it after these.
      } else if (unknown_) {
        if (!settings_.fuse_unknown) flush();
        waiting = true;
      }
    }
    flush();
  }

  std::string with_affixes(std::string_view character, bool first, bool last) const {
    std::string text = first ? "" : settings_.continuing_prefix;
    text += character;
    return last ? text + settings_.end_suffix : text;
  }

  std::optional<uint32_t> id_of(std::string_view character, bool first, bool last) const {
    if ((first || settings_.continuing_prefix.empty()) && (!last || settings_.end_suffix.empty())) {
      return character.size() == 1 ? ascii_[static_cast<uint8_t>(character[0])] : vocabulary_.find(character);
    }
    return vocabulary_.find(with_affixes(character, first, last));
  }

  bool append_bytes(std::string_view character, bool first, bool last, Ids& symbols) const {
    const std::string text = with_affixes(character, first, last);
    for (const char byte : text) {
      if (!bytes_[static_cast<uint8_t>(byte)]) return false;
    }
    for (const char byte : text) symbols.push_back(*bytes_[static_cast<uint8_t>(byte)]);
    return true;
  }

  Vocabulary vocabulary_;
  BpeSettings settings_;
  MergeTable table_;
  std::optional<uint32_t> unknown_;
  ByteIds bytes_;
  std::array<std::optional<uint32_t>, 128> ascii_;
};

/// Over bytes.
class ByteBpe : public Model {
 public:
  ByteBpe(Vocabulary vocabulary, MergeTable table, const std::array<uint32_t, 256>& bytes, Vocabulary words)
      : vocabulary_(std::move(vocabulary)),
        table_(std::move(table)),
        bytes_(bytes),
        words_(std::move(words)) {}

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void encode(std::string_view word, ModelWorkspace& workspace, Ids& ids) const override {
    if (words_.size() != 0) {
      if (const auto whole = words_.find(word)) return ids.push_back(*whole);
    }
    workspace.symbols.resize(word.size());
    for (size_t i = 0; i < word.size(); ++i) workspace.symbols[i] = bytes_[static_cast<uint8_t>(word[i])];
    workspace.merge.merge(workspace.symbols, table_, ids);
  }

 private:
  Vocabulary vocabulary_;
  MergeTable table_;
  std::array<uint32_t, 256> bytes_;
  Vocabulary words_;  ///< by their bytes, those that are not taken apart
};

}  // namespace

std::unique_ptr<Model> make_bpe(Vocabulary vocabulary, const Merges& merges, const BpeSettings& settings) {
  return std::make_unique<CharacterBpe>(std::move(vocabulary), merges, settings);
}

std::unique_ptr<Model> make_byte_bpe(Vocabulary vocabulary, const Merges& merges,
                                     const BpeSettings& settings) {
  std::array<uint32_t, 256> bytes;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string& character = byte_alphabet()[byte];
    const auto id = vocabulary.find(character);
    if (!id)
      throw DataError(str_format("model.vocab lacks \"{}\", which stands for byte {}", character, byte));
    bytes[byte] = *id;
  }
  Vocabulary words;
  for (const Vocabulary::Token& token : vocabulary.tokens()) {
    if (!settings.whole_words) break;
    if (const auto text = characters_to_bytes(token.text)) words.add(*text, token.id);
  }
  MergeTable table = make_table(vocabulary, merges, "");
  return std::make_unique<ByteBpe>(std::move(vocabulary), std::move(table), bytes, std::move(words));
}

std::unique_ptr<Model> make_rank_bpe(Vocabulary vocabulary) {
  std::array<uint32_t, 256> bytes;
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = vocabulary.find(std::string(1, static_cast<char>(byte)));
    if (!id) throw DataError(str_format("no token stands for byte {} alone", byte));
    bytes[byte] = *id;
  }
  MergeTable table(2 * vocabulary.size());
  for (const Vocabulary::Token& token : vocabulary.tokens()) {
    const std::string_view text = token.text;
    for (size_t cut = 1; cut < text.size(); ++cut) {
      const auto left = vocabulary.find(text.substr(0, cut));
      const auto right = left ? vocabulary.find(text.substr(cut)) : std::nullopt;
      if (right) table.add(*left, *right, {token.id, token.id});
    }
  }
  Vocabulary words = vocabulary;
  return std::make_unique<ByteBpe>(std::move(vocabulary), std::move(table), bytes, std::move(words));
}

}  // namespace echelon::tokenizer
