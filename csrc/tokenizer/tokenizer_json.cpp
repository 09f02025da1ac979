#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "tokenizer/files.h"
#include "tokenizer/json_parts.h"

namespace echelon::tokenizer {
namespace {

AddedToken read_added_token(const JsonNode& node) {
  node.allow_keys({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
  AddedToken token;
  token.content = node["content"].text();
  if (token.content.empty()) node["content"].refuse("no text to look for");
  token.id = node["id"].id();
  token.single_word = node["single_word"].flag_or(false);
  token.lstrip = node["lstrip"].flag_or(false);
  token.rstrip = node["rstrip"].flag_or(false);
  token.special = node["special"].flag_or(false);
  token.normalised = node["normalized"].flag_or(!token.special);
  return token;
}

/// The reference counts ids itself, on from the model's, and only warns when the file says something else.
std::vector<AddedToken> read_added_tokens(const JsonNode& node, const Vocabulary& vocabulary) {
  std::vector<AddedToken> added;
  if (node.is_null()) return added;
  Vocabulary seen;
  auto next = static_cast<uint32_t>(vocabulary.size());
  for (const JsonNode& element : node.elements()) {
    AddedToken token = read_added_token(element);
    if (const auto before = seen.find(token.content)) {
      element.refuse("there twice");
    }
    const auto known = vocabulary.find(token.content);
    const uint32_t wanted = known ? *known : next++;
    if (token.id != wanted || !seen.add(token.content, token.id)) {
      throw DataError(
          str_format("{}: id {} of \"{}\" contradicts model.vocab and the tokens before, which make it {}",
                     element.place(), token.id, token.content, wanted));
    }
    added.push_back(std::move(token));
  }
  return added;
}

void check_lengths(const JsonNode& file, std::string_view name) {
  std::vector<std::string> left;
  if (const JsonNode node = file["truncation"]; !node.is_null()) {
    node.allow_keys({"direction", "max_length", "strategy", "stride"});
    left.push_back(str_format("truncation to {} tokens", node["max_length"].number()));
  }
  if (const JsonNode node = file["padding"]; !node.is_null()) {
    node.allow_keys({"strategy", "direction", "pad_to_multiple_of", "pad_id", "pad_type_id", "pad_token"});
    left.push_back("padding");
  }
  if (!left.empty())
    log::info("tokenizer {}: its {} is left to whoever takes the ids", name, join(left, " and "));
}

void check_starts(const Normalizers& normalizers, const PreTokenizers& steps) {
  const bool minds =
      std::any_of(steps.begin(), steps.end(), [](const auto& step) { return step->minds_start(); });
  const bool drops = std::any_of(normalizers.begin(), normalizers.end(),
                                 [](const auto& step) { return step->may_drop_start(); });
  if (minds && drops)
    throw DataError(
        "pre_tokenizer: prepend_scheme \"first\" is not supported after a normalizer that may remove text");
}

}  // namespace

std::unique_ptr<Tokenizer> read_tokenizer_json(const Json& root, std::string_view name) {
  const JsonNode file(root, "the file");
  file.allow_keys({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
                   "post_processor", "decoder", "model"});
  if (const JsonNode version = file["version"]; version.text_or("1.0") != "1.0") version.refuse();
  check_lengths(file, name);
  const JsonNode model = file["model"];
  if (!model.value().is_object()) model.refuse("no JSON object");

  Parts parts;
  read_normalizer(file["normalizer"], parts.normalizers);
  read_pre_tokenizer(file["pre_tokenizer"], parts.pre_tokenizers);
  read_post_processor(file["post_processor"], parts.templates);
  parts.has_decoder = !file["decoder"].is_null();
  if (parts.has_decoder) read_decoder(file["decoder"], parts.decoders);
  check_starts(parts.normalizers, parts.pre_tokenizers);
  const bool bytes =
      !parts.pre_tokenizers.empty() && parts.pre_tokenizers.back()->maps_bytes() && takes_bytes(model);
  if (bytes) parts.pre_tokenizers.pop_back();
  parts.model = read_model(model, bytes);
  parts.added = read_added_tokens(file["added_tokens"], parts.model->vocabulary());
  return make_pipeline(std::move(parts));
}

}  // namespace echelon::tokenizer
