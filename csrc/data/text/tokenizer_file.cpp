#include "data/text/tokenizer_file.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"

namespace echelon::data {
namespace {

using Json = nlohmann::json;

void append_utf8(std::string& text, uint32_t code_point) {  // below U+0800, all that the alphabet needs
  if (code_point < 0x80) {
    text.push_back(static_cast<char>(code_point));
  } else {
    text.push_back(static_cast<char>(0xc0 | code_point >> 6));
    text.push_back(static_cast<char>(0x80 | (code_point & 0x3f)));
  }
}

/// The character that stands for each byte: itself where it is visible, else the next free one from U+0100
/// on.
std::array<std::string, 256> byte_alphabet() {
  std::array<std::string, 256> alphabet;
  uint32_t next_free = 256;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    append_utf8(alphabet[byte], visible ? byte : next_free++);
  }
  return alphabet;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    try {
      root_ = Json::parse(read_file(path));
    } catch (const Json::parse_error& error) {
      throw DataError(str_format("tokenizer {}: no JSON: {}", path, error.what()));
    }
  }

  TokenizerFile read() {
    only_keys(root_, "the file",
              {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
               "post_processor", "decoder", "model"});
    if (root_.value("version", Json("1.0")) != "1.0") fail("version", root_["version"]);
    for (const char* key : {"truncation", "padding", "normalizer"}) {
      if (!member(root_, key).is_null()) fail(key, member(root_, key));
    }
    for (const char* key : {"post_processor", "decoder"}) {  // of the byte-level kind they do not change ids
      if (const Json& stage = member(root_, key); !stage.is_null() && type_of(stage) != "ByteLevel")
        fail(key, stage);
    }
    read_pre_tokenizer();
    read_model();
    read_added_tokens();
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(std::string_view where, const Json& value) const {
    std::string shown = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (shown.size() > 120) shown = shown.substr(0, 120) + "…";
    throw DataError(
        str_format("tokenizer {}: {}: {} is not supported (a byte-level BPE without normalizer is)", path_,
                   where, shown));
  }
  [[noreturn]] void fail_with(const std::string& problem) const {
    throw DataError(str_format("tokenizer {}: {}", path_, problem));
  }

  static const Json& member(const Json& object, const char* key) {
    static const Json null;
    const auto found = object.find(key);
    return found == object.end() ? null : *found;
  }
  static std::string type_of(const Json& object) {
    const Json& type = object.is_object() ? member(object, "type") : object;
    return type.is_string() ? type.get<std::string>() : "";
  }

  void only_keys(const Json& object, std::string_view where,
                 std::initializer_list<std::string_view> allowed) const {
    if (!object.is_object()) fail_with(str_format("{} is no JSON object", where));
    for (const auto& [key, value] : object.items()) {
      if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
        fail(str_format("key \"{}\" of {}", key, where), value);
    }
  }

  bool flag(const Json& object, const char* key, bool otherwise, const std::string& where) const {
    const Json& value = member(object, key);
    if (value.is_null()) return otherwise;
    if (!value.is_boolean()) fail(where + "." + key, value);
    return value.get<bool>();
  }

  uint32_t id_of(const Json& value, const std::string& where) const {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > std::numeric_limits<int32_t>::max())
      fail(where, value);
    return value.get<uint32_t>();
  }

  void read_pre_tokenizer() {
    const Json& stage = member(root_, "pre_tokenizer");
    if (type_of(stage) != "ByteLevel") fail("pre_tokenizer", stage);
    only_keys(stage, "pre_tokenizer", {"type", "add_prefix_space", "trim_offsets", "use_regex"});
    file_.add_prefix_space = flag(stage, "add_prefix_space", true, "pre_tokenizer");
    file_.use_pattern = flag(stage, "use_regex", true, "pre_tokenizer");
  }

  void read_model() {
    const Json& model = member(root_, "model");
    // The unknown token and the fall-back to bytes never come into play, for every byte must be in the
    // vocabulary.
    only_keys(model, "model",
              {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
               "byte_fallback", "ignore_merges", "vocab", "merges"});
    if (const Json& type = member(model, "type"); !type.is_null() && type != "BPE") fail("model.type", type);
    if (const Json& dropout = member(model, "dropout"); !dropout.is_null() && dropout != 0.0)
      fail("model.dropout", dropout);
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (const Json& affix = member(model, key); !affix.is_null() && affix != "")
        fail(std::string("model.") + key, affix);
    }
    read_vocabulary(member(model, "vocab"));
    read_merges(member(model, "merges"));
    const std::array<std::string, 256> alphabet = byte_alphabet();
    for (int byte = 0; byte < 256; ++byte) {
      const auto token = ids_.find(alphabet[byte]);
      if (token == ids_.end())
        fail_with(str_format("model.vocab lacks \"{}\", which stands for byte {}", alphabet[byte], byte));
      file_.byte_tokens.push_back(token->second);
    }
    if (flag(model, "ignore_merges", false, "model")) find_whole_words(alphabet);
  }

  void read_vocabulary(const Json& vocabulary) {
    if (!vocabulary.is_object()) fail("model.vocab", vocabulary);
    for (const auto& [token, id] : vocabulary.items()) {
      const uint32_t number = id_of(id, str_format("model.vocab \"{}\"", token));
      if (!used_.emplace(number, token).second)
        fail_with(str_format("model.vocab gives {} to two tokens", number));
      ids_[token] = number;
      file_.vocabulary = std::max<int64_t>(file_.vocabulary, int64_t{number} + 1);
    }
  }

  void read_merges(const Json& merges) {
    if (!merges.is_array()) fail("model.merges", merges);
    for (const Json& merge : merges) {
      const auto [left, right] = merge_sides(merge);
      const auto a = ids_.find(left), b = ids_.find(right), whole = ids_.find(left + right);
      if (a == ids_.end() || b == ids_.end() || whole == ids_.end()) {
        fail_with(str_format("model.merges: \"{}\" and \"{}\" or what they make is not in model.vocab", left,
                             right));
      }
      file_.merges.push_back({a->second, b->second, whole->second});
    }
  }

  /// "a b" in older files, ["a", "b"] in newer ones.
  std::pair<std::string, std::string> merge_sides(const Json& merge) const {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
      return {merge[0], merge[1]};
    if (!merge.is_string()) fail("model.merges", merge);
    const auto text = merge.get<std::string>();
    const size_t blank = text.find(' ');
    if (blank == text.npos || text.find(' ', blank + 1) != text.npos) fail("model.merges", merge);
    return {text.substr(0, blank), text.substr(blank + 1)};
  }

  void find_whole_words(const std::array<std::string, 256>& alphabet) {
    std::unordered_map<std::string_view, char> bytes;
    for (int byte = 0; byte < 256; ++byte) bytes[alphabet[byte]] = static_cast<char>(byte);
    for (const auto& [token, id] : ids_) {
      std::optional<std::string> word = "";
      for (size_t at = 0; at < token.size() && word;) {
        const size_t length = static_cast<uint8_t>(token[at]) < 0x80 ? 1 : 2;
        const auto byte = bytes.find(std::string_view(token).substr(at, length));
        at += length;
        if (byte == bytes.end())
          word.reset();
        else
          word->push_back(byte->second);
      }
      if (word) file_.whole_words[*word] = id;
    }
  }

  void read_added_tokens() {
    const Json& tokens = member(root_, "added_tokens");
    if (tokens.is_null()) return;
    if (!tokens.is_array()) fail("added_tokens", tokens);
    for (const Json& token : tokens) read_added_token(token);
  }

  void read_added_token(const Json& token) {
    only_keys(token, "added_tokens",
              {"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
    const Json& content = member(token, "content");
    if (!content.is_string() || content == "") fail("added_tokens", token);
    const auto text = content.get<std::string>();
    const std::string where = str_format("added_tokens \"{}\"", text);
    for (const char* key : {"single_word", "lstrip", "rstrip"}) {
      if (flag(token, key, false, where)) fail(where + "." + key, token[key]);
    }
    const uint32_t id = id_of(member(token, "id"), where);
    const auto [holder, is_new] = used_.emplace(id, text);
    const auto in_model = ids_.find(text);
    if (holder->second != text || (in_model != ids_.end() && in_model->second != id)) {
      fail_with(str_format("{}: id {} contradicts model.vocab or another added token", where, id));
    }
    file_.vocabulary = std::max<int64_t>(file_.vocabulary, int64_t{id} + 1);
    const bool normalised = flag(token, "normalized", !flag(token, "special", false, where), where);
    (normalised ? file_.added_normalised : file_.added).add(text, id);
  }

  const std::string& path_;
  Json root_;
  TokenizerFile file_;
  std::unordered_map<std::string, uint32_t> ids_;
  std::unordered_map<uint32_t, std::string> used_;
};

}  // namespace

TokenizerFile read_tokenizer_file(const std::string& path) {
  try {
    return Reader(path).read();
  } catch (const Json::exception& error) {
    throw DataError(str_format("tokenizer {}: malformed: {}", path, error.what()));
  }
}

}  // namespace echelon::data
