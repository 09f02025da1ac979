#include "tokenizer/json_node.h"

#include <algorithm>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

constexpr int kDeepest = 64;
constexpr size_t kMostShown = 120;

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kMostShown) return text;
  text.resize(kMostShown);
  text.resize(first_invalid_utf8(text));  // a character may have been cut
  return text + "…";
}

/// How deep objects and arrays nest, in text that is JSON.
int depth_of(std::string_view text) {
  int depth = 0, deepest = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char sign = text[at];
    if (sign == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
    } else if (sign == '[' || sign == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (sign == ']' || sign == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Json parse_json(std::string_view text) {
  if (depth_of(text) > kDeepest) throw DataError(str_format("JSON nested deeper than {}", kDeepest));
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw DataError(str_format("no JSON: {}", error.what()));
  }
}

void JsonNode::refuse() const {
  refuse("not supported");
}

void JsonNode::refuse(std::string_view what) const {
  throw DataError(str_format("{}: {} is {}", place_, shown(*value_), what));
}

void JsonNode::allow_keys(std::initializer_list<std::string_view> keys) const {
  if (!value_->is_object()) refuse("no JSON object");
  for (const auto& [key, value] : value_->items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      JsonNode(value, str_format("key \"{}\" of {}", key, place_)).refuse();
  }
}

JsonNode JsonNode::operator[](const char* key) const {
  static const Json null;
  if (!value_->is_object()) refuse("no JSON object");
  const auto found = value_->find(key);
  const std::string place = place_ == "the file" ? key : str_format("{}.{}", place_, key);
  return {found == value_->end() ? null : *found, place};
}

std::vector<JsonNode> JsonNode::elements() const {
  if (!value_->is_array()) refuse("no JSON array");
  std::vector<JsonNode> nodes;
  nodes.reserve(value_->size());
  for (const Json& element : *value_) nodes.emplace_back(element, str_format("{}[{}]", place_, nodes.size()));
  return nodes;
}

std::string JsonNode::text() const {
  if (!value_->is_string()) refuse("no text");
  return value_->get<std::string>();
}

std::string JsonNode::text_or(std::string_view otherwise) const {
  return is_null() ? std::string(otherwise) : text();
}

std::optional<std::string> JsonNode::text_or_none() const {
  return is_null() ? std::nullopt : std::optional(text());
}

bool JsonNode::flag_or(bool otherwise) const {
  if (is_null()) return otherwise;
  if (!value_->is_boolean()) refuse("neither true nor false");
  return value_->get<bool>();
}

uint64_t JsonNode::number() const {
  if (!value_->is_number_unsigned()) refuse("no whole number from 0 on");
  return value_->get<uint64_t>();
}

uint32_t JsonNode::id() const {
  if (!value_->is_number_unsigned() || value_->get<uint64_t>() > std::numeric_limits<int32_t>::max())
    refuse("no id of a token");
  return value_->get<uint32_t>();
}

double JsonNode::real() const {
  if (!value_->is_number()) refuse("no number");
  return value_->get<double>();
}

std::string JsonNode::type() const {
  if (value_->is_string()) return value_->get<std::string>();
  if (!value_->is_object()) return "";
  const auto found = value_->find("type");
  return found != value_->end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace echelon::tokenizer
