#include <algorithm>
#include <string_view>

#include "common/base64.h"
#include "tokenizer/json_parts.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

SplitBehavior read_behavior(const JsonNode& node) {
  const std::string name = node.text();
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  node.refuse();
}

std::string read_character(const JsonNode& node) {
  std::string character = node.text();
  if (character.empty() || character_length(character[0]) != character.size())
    node.refuse("not one character");
  return character;
}

void read_bert_normalizer(const JsonNode& node, Normalizers& steps) {
  node.allow_keys({"type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
  BertNormalizerSettings settings;
  settings.clean_text = node["clean_text"].flag_or(true);
  settings.handle_chinese_chars = node["handle_chinese_chars"].flag_or(true);
  settings.lowercase = node["lowercase"].flag_or(true);
  settings.strip_accents = node["strip_accents"].flag_or(settings.lowercase);
  steps.push_back(bert_normalizer(settings));
}

void read_byte_level(const JsonNode& node, PreTokenizers& steps) {
  node.allow_keys({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  if (node["add_prefix_space"].flag_or(true)) steps.push_back(prepend_blank());
  if (node["use_regex"].flag_or(true))
    steps.push_back(split_at_pattern(make_pattern(kGpt2Pattern), SplitBehavior::kIsolated, false));
  steps.push_back(map_bytes());
}

void read_digits(const JsonNode& node, PreTokenizers& steps) {
  node.allow_keys({"type", "individual_digits"});
  const bool individual = node["individual_digits"].flag_or(false);
  steps.push_back(
      split_at_flags(unicode::kNumeric, individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous));
}

void read_split(const JsonNode& node, PreTokenizers& steps) {
  node.allow_keys({"type", "pattern", "behavior", "invert"});
  steps.push_back(split_at_pattern(read_pattern(node["pattern"]), read_behavior(node["behavior"]),
                                   node["invert"].flag_or(false)));
}

}  // namespace

std::unique_ptr<Pattern> read_pattern(const JsonNode& node) {
  node.allow_keys({"String", "Regex"});
  const JsonNode literal = node["String"], regex = node["Regex"];
  if (literal.is_null() == regex.is_null()) node.refuse("neither a String nor a Regex");
  if (!regex.is_null()) return make_pattern(regex.text());
  if (literal.text().empty()) literal.refuse("a pattern that matches nothing");
  return make_literal(literal.text());
}

MetaspaceSettings read_metaspace(const JsonNode& node) {
  node.allow_keys({"type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split"});
  using Prepend = MetaspaceSettings::Prepend;
  MetaspaceSettings settings;
  settings.replacement = read_character(node["replacement"]);
  const JsonNode scheme = node["prepend_scheme"];
  const std::string name = scheme.text_or("always");
  if (name != "always" && name != "first" && name != "never") scheme.refuse();
  settings.prepend = name == "always"  ? Prepend::kAlways
                     : name == "first" ? Prepend::kFirst
                                       : Prepend::kNever;
  if (!node["add_prefix_space"].flag_or(true)) {
    if (!scheme.is_null() && settings.prepend != Prepend::kNever)
      scheme.refuse("what add_prefix_space contradicts");
    if (scheme.is_null()) node["add_prefix_space"].refuse("what a missing prepend_scheme contradicts");
    settings.prepend = Prepend::kNever;
  }
  settings.split = node["split"].flag_or(true);
  return settings;
}

void read_normalizer(const JsonNode& node, Normalizers& steps) {
  if (node.is_null()) return;
  const std::string type = node.type();
  const auto plain = [&](std::unique_ptr<Normalizer> step) {
    node.allow_keys({"type"});
    steps.push_back(std::move(step));
  };
  if (type == "Sequence") {
    node.allow_keys({"type", "normalizers"});
    for (const JsonNode& step : node["normalizers"].elements()) read_normalizer(step, steps);
  } else if (type == "NFC") {
    plain(normal_form(NormalForm::kNfc));
  } else if (type == "NFD") {
    plain(normal_form(NormalForm::kNfd));
  } else if (type == "NFKC") {
    plain(normal_form(NormalForm::kNfkc));
  } else if (type == "NFKD") {
    plain(normal_form(NormalForm::kNfkd));
  } else if (type == "Lowercase") {
    plain(lowercase());
  } else if (type == "StripAccents") {
    plain(strip_accents());
  } else if (type == "Nmt") {
    plain(nmt_normalizer());
  } else if (type == "ByteLevel") {
    plain(byte_characters());
  } else if (type == "Strip") {
    node.allow_keys({"type", "strip_left", "strip_right"});
    steps.push_back(strip(node["strip_left"].flag_or(true), node["strip_right"].flag_or(true)));
  } else if (type == "Replace") {
    node.allow_keys({"type", "pattern", "content"});
    steps.push_back(replace(read_pattern(node["pattern"]), node["content"].text()));
  } else if (type == "Prepend") {
    node.allow_keys({"type", "prepend"});
    steps.push_back(prepend(node["prepend"].text()));
  } else if (type == "Precompiled") {
    node.allow_keys({"type", "precompiled_charsmap"});
    const JsonNode charsmap = node["precompiled_charsmap"];
    const auto bytes = decode_base64(charsmap.text());
    if (!bytes) charsmap.refuse("no base64");
    steps.push_back(precompiled(Charsmap(*bytes)));
  } else if (type == "BertNormalizer") {
    read_bert_normalizer(node, steps);
  } else {
    node.refuse();
  }
}

void read_pre_tokenizer(const JsonNode& node, PreTokenizers& steps) {
  if (node.is_null()) return;
  const std::string type = node.type();
  const auto plain = [&](std::unique_ptr<PreTokenizer> step) {
    node.allow_keys({"type"});
    steps.push_back(std::move(step));
  };
  if (type == "Sequence") {
    node.allow_keys({"type", "pretokenizers"});
    for (const JsonNode& step : node["pretokenizers"].elements()) read_pre_tokenizer(step, steps);
  } else if (type == "ByteLevel") {
    read_byte_level(node, steps);
  } else if (type == "Split") {
    read_split(node, steps);
  } else if (type == "Metaspace") {
    steps.push_back(split_at_metaspace(read_metaspace(node)));
  } else if (type == "BertPreTokenizer") {
    plain(split_as_bert());
  } else if (type == "Whitespace") {
    plain(split_as_words());
  } else if (type == "WhitespaceSplit") {
    plain(split_at_flags(unicode::kSpace, SplitBehavior::kRemoved));
  } else if (type == "Digits") {
    read_digits(node, steps);
  } else if (type == "Punctuation") {
    node.allow_keys({"type", "behavior"});
    const JsonNode behavior = node["behavior"];
    steps.push_back(split_at_flags(unicode::kPunctuation,
                                   behavior.is_null() ? SplitBehavior::kIsolated : read_behavior(behavior)));
  } else if (type == "CharDelimiterSplit") {
    node.allow_keys({"type", "delimiter"});
    steps.push_back(
        split_at_pattern(make_literal(read_character(node["delimiter"])), SplitBehavior::kRemoved, false));
  } else if (type == "FixedLength") {
    node.allow_keys({"type", "length"});
    const JsonNode length = node["length"];
    if (length.number() == 0) length.refuse("no length");
    steps.push_back(split_at_length(length.number()));
  } else {
    node.refuse();
  }
}

void read_decoder(const JsonNode& node, Decoders& steps) {
  const std::string type = node.type();
  if (type == "Sequence") {
    node.allow_keys({"type", "decoders"});
    for (const JsonNode& step : node["decoders"].elements()) read_decoder(step, steps);
  } else if (type == "ByteLevel") {
    node.allow_keys({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    steps.push_back(decode_byte_level());
  } else if (type == "Metaspace") {
    steps.push_back(decode_metaspace(read_metaspace(node)));
  } else if (type == "WordPiece") {
    node.allow_keys({"type", "prefix", "cleanup"});
    steps.push_back(decode_word_piece(node["prefix"].text(), node["cleanup"].flag_or(true)));
  } else if (type == "ByteFallback") {
    node.allow_keys({"type"});
    steps.push_back(decode_byte_fallback());
  } else if (type == "Fuse") {
    node.allow_keys({"type"});
    steps.push_back(decode_fuse());
  } else if (type == "Strip") {
    node.allow_keys({"type", "content", "start", "stop"});
    steps.push_back(
        decode_strip(read_character(node["content"]), node["start"].number(), node["stop"].number()));
  } else if (type == "Replace") {
    node.allow_keys({"type", "pattern", "content"});
    steps.push_back(decode_replace(read_pattern(node["pattern"]), node["content"].text()));
  } else if (type == "BPEDecoder") {
    node.allow_keys({"type", "suffix"});
    steps.push_back(decode_suffix(node["suffix"].text()));
  } else if (type == "CTC") {
    node.allow_keys({"type", "pad_token", "word_delimiter_token", "cleanup"});
    steps.push_back(decode_ctc(node["pad_token"].text(), node["word_delimiter_token"].text(),
                               node["cleanup"].flag_or(true)));
  } else {
    node.refuse();
  }
}

}  // namespace echelon::tokenizer
