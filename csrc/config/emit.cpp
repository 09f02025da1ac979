#include <algorithm>
#include <cctype>

#include "common/format.h"
#include "config/scalar.h"
#include "config/write.h"

namespace echelon::config {
namespace {

constexpr size_t kWidth = 100;  // a list of scalars longer than this is written item by item

bool is_plain_safe(std::string_view text) {
  const auto safe = [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '+' || c == ' ';
  };
  const bool word = !text.empty() &&
                    (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '/' || text[0] == '_');
  return word && text.back() != ' ' && std::all_of(text.begin(), text.end(), safe) &&
         !looks_like_null(text) && !looks_like_bool(text) && !looks_like_number(text);
}

std::string in_double_quotes(std::string_view text, bool is_key) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += str_format("\\{}", c);
    } else if (c == '$' && !is_key) {
      result += "$$";  // only in values does '$' stand for a variable
    } else if (byte < 0x20 || byte == 0x7F) {
      result += str_format("\\x{:02X}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string text_scalar(std::string_view text, bool is_key = false) {
  // yes, no, on and off are text in YAML 1.2, but not for readers of YAML 1.1.
  static constexpr std::string_view kYaml11[] = {"y", "n", "yes", "no", "on", "off"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (is_plain_safe(text) && std::find(std::begin(kYaml11), std::end(kYaml11), lower) == std::end(kYaml11)) {
    return std::string(text);
  }
  return in_double_quotes(text, is_key);
}

std::string scalar_text(const Node& node) {
  if (node.is_null()) return "null";
  return node.style == Node::Style::kQuoted ? text_scalar(node.scalar) : node.scalar;
}

bool is_leaf(const Node& node) {
  return node.items.empty() && node.entries.empty();
}

bool fits_on_line(const Node& node) {
  if (is_leaf(node)) return true;
  return node.is_list() && std::all_of(node.items.begin(), node.items.end(), is_leaf) &&
         to_flow_text(node).size() <= kWidth;
}

void emit_block(const Node& node, size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  for (const Node& item : node.items) {
    if (fits_on_line(item)) {
      out += str_format("{}- {}\n", margin, to_flow_text(item));
      continue;
    }
    std::string block;
    emit_block(item, indent + 2, block);
    out += str_format("{}- {}", margin, std::string_view(block).substr(indent + 2));
  }
  for (const Entry& entry : node.entries) {
    const std::string key = text_scalar(entry.key, true);
    if (fits_on_line(entry.value)) {
      out += str_format("{}{}: {}\n", margin, key, to_flow_text(entry.value));
    } else {
      out += str_format("{}{}:\n", margin, key);
      emit_block(entry.value, indent + 2, out);
    }
  }
}

}  // namespace

std::string to_flow_text(const Node& node) {
  if (!node.is_list() && !node.is_map()) return scalar_text(node);
  std::vector<std::string> parts;
  for (const Node& item : node.items) parts.push_back(to_flow_text(item));
  for (const Entry& entry : node.entries)
    parts.push_back(text_scalar(entry.key, true) + ": " + to_flow_text(entry.value));
  const std::string content = join(parts);
  return node.is_list() ? str_format("[{}]", content) : str_format("{{{}}}", content);
}

std::string to_yaml_text(const Node& node) {
  std::string out;
  if (is_leaf(node)) return to_flow_text(node) + "\n";
  emit_block(node, 0, out);
  return out;
}

}  // namespace echelon::config
