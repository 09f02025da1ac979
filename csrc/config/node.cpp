#include "config/node.h"

#include <charconv>
#include <utility>

#include "common/format.h"
#include "config/scalar.h"

namespace echelon::config {

const Entry* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Entry* Node::find(std::string_view key) {
  return const_cast<Entry*>(std::as_const(*this).find(key));
}

Node scalar_node(std::string text, Node::Style style) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.style = style;
  node.scalar = std::move(text);
  return node;
}

Node list_node() {
  Node node;
  node.kind = Node::Kind::kList;
  return node;
}

Node map_node() {
  Node node;
  node.kind = Node::Kind::kMap;
  return node;
}

bool same_content(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.items.size() != b.items.size() ||
      a.entries.size() != b.entries.size()) {
    return false;
  }
  if (a.is_scalar() && (a.style == Node::Style::kQuoted) != (b.style == Node::Style::kQuoted)) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!same_content(a.items[i], b.items[i])) return false;
  }
  for (size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key != b.entries[i].key || !same_content(a.entries[i].value, b.entries[i].value))
      return false;
  }
  return true;
}

std::string describe_node(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a section";
    case Node::Kind::kScalar:
      break;
    default:
      return "nothing";
  }
  if (node.style != Node::Style::kQuoted) {
    if (looks_like_number(node.scalar)) return str_format("the number {}", node.scalar);
    if (looks_like_bool(node.scalar)) return node.scalar;
  }
  return "the text " + in_quotes(node.scalar);
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string join_path(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : str_format("{}.{}", path, key);
}

Found locate(const Node& root, const Location& where, std::string_view path) {
  Found found{where, &root};
  if (path.empty()) return found;
  for (const std::string& part : split_path(path)) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool is_index = error == std::errc() && end == part.data() + part.size();
    if (const Entry* entry = found.node->find(part)) {
      found = {entry->where, &entry->value};
    } else if (is_index && index < found.node->items.size()) {
      found.node = &found.node->items[index];
      found.where = found.node->where;
    } else {
      return {found.where, nullptr};
    }
  }
  return found;
}

}  // namespace echelon::config
