#include <map>

#include "tokenizer/json_parts.h"

namespace echelon::tokenizer {
namespace {

const TemplatePiece kText{.text = true};

using SpecialTokens = std::map<std::string, std::vector<uint32_t>>;

SpecialTokens read_special_tokens(const JsonNode& node) {
  if (!node.value().is_object()) node.refuse("no JSON object");
  SpecialTokens tokens;
  for (const auto& [name, value] : node.value().items()) {
    const JsonNode token(value, node.place() + "." + name);
    token.allow_keys({"id", "ids", "tokens"});
    for (const JsonNode& id : token["ids"].elements()) tokens[name].push_back(id.id());
  }
  return tokens;
}

/// {"Sequence": {"id": "A", …}} or {"SpecialToken": {"id": "[CLS]", …}}.
TemplatePiece read_piece(const JsonNode& node, const SpecialTokens& special) {
  node.allow_keys({"Sequence", "SpecialToken"});
  const JsonNode sequence = node["Sequence"], token = node["SpecialToken"];
  if (sequence.is_null() == token.is_null()) node.refuse("neither a Sequence nor a SpecialToken");
  const JsonNode& piece = sequence.is_null() ? token : sequence;
  piece.allow_keys({"id", "type_id"});
  const JsonNode name = piece["id"];
  if (!sequence.is_null()) {
    if (name.text() != "A") name.refuse("no sequence of a template for one");
    return kText;
  }
  const auto found = special.find(name.text());
  if (found == special.end()) name.refuse("not among the special_tokens");
  return {.ids = found->second};
}

void read_template(const JsonNode& node, std::vector<Template>& steps) {
  node.allow_keys({"type", "single", "pair", "special_tokens"});
  const SpecialTokens special = read_special_tokens(node["special_tokens"]);
  Template frame;
  for (const JsonNode& piece : node["single"].elements()) frame.push_back(read_piece(piece, special));
  steps.push_back(std::move(frame));
}

/// ["[CLS]", 101].
uint32_t read_named_id(const JsonNode& node) {
  const std::vector<JsonNode> pair = node.elements();
  if (pair.size() != 2) node.refuse("no pair of token and id");
  pair[0].text();
  return pair[1].id();
}

}  // namespace

void read_post_processor(const JsonNode& node, std::vector<Template>& steps) {
  if (node.is_null()) return;
  const std::string type = node.type();
  if (type == "Sequence") {
    node.allow_keys({"type", "processors"});
    for (const JsonNode& step : node["processors"].elements()) read_post_processor(step, steps);
  } else if (type == "ByteLevel") {  // changes offsets alone
    node.allow_keys({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  } else if (type == "TemplateProcessing") {
    read_template(node, steps);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    node.allow_keys({"type", "sep", "cls", "trim_offsets", "add_prefix_space"});
    steps.push_back({{.ids = {read_named_id(node["cls"])}}, kText, {.ids = {read_named_id(node["sep"])}}});
  } else {
    node.refuse();
  }
}

}  // namespace echelon::tokenizer
