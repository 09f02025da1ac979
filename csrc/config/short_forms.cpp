#include "config/short_forms.h"

namespace echelon::config {
namespace {

Node empty_section(const Location& where) {
  Node node = map_node();
  node.where = where;
  return node;
}

Node section_of_one(const std::string& key, const Location& where, Node value) {
  Node node = empty_section(where);
  node.entries.push_back({key, where, std::move(value)});
  return node;
}

std::optional<Node> long_choice(const Choice& choice, const Node& node) {
  if (!choice.compact) return std::nullopt;
  if (node.is_scalar() && choice.find(node.scalar) != nullptr)
    return section_of_one(node.scalar, node.where, empty_section(node.where));
  if (!node.is_map() || node.entries.size() != 1 || !node.entries[0].value.is_null()) return std::nullopt;
  const Entry& only = node.entries[0];
  return section_of_one(only.key, only.where, empty_section(only.where));
}

}  // namespace

std::optional<Node> long_form(const Type& type, const Node& node) {
  if (node.is_null() || node.is_broken()) return std::nullopt;
  switch (type.kind) {
    case Kind::kOptional:
      return node.is_empty_variable() ? std::nullopt : long_form(*type.element, node);
    case Kind::kList: {
      if (!type.or_one || !node.is_scalar()) return std::nullopt;
      Node list = list_node();
      list.where = node.where;
      list.items.push_back(node);
      return list;
    }
    case Kind::kSection: {
      const Field* direct = node.is_map() ? nullptr : type.section().direct();
      if (direct == nullptr) return std::nullopt;
      return section_of_one(direct->name, node.where, node);
    }
    case Kind::kChoice:
      return long_choice(*type.choice, node);
    default:
      return std::nullopt;
  }
}

}  // namespace echelon::config
