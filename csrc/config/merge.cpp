#include "config/merge.h"

#include <algorithm>
#include <charconv>

#include "common/format.h"
#include "config/short_forms.h"
#include "config/suggest.h"

namespace echelon::config {
namespace {

const Choice* choice_of(const Type* type) {
  while (type != nullptr && type->kind == Kind::kOptional) type = type->element.get();
  return type != nullptr && type->kind == Kind::kChoice ? type->choice.get() : nullptr;
}

// The alternative that a value in its long form names; empty when it names none.
std::string chosen_name(const Node& map, const Choice* choice) {
  if (choice != nullptr && choice->compact) return map.entries.size() == 1 ? map.entries[0].key : "";
  const Entry* entry = choice == nullptr ? nullptr : map.find(choice->key);
  return entry == nullptr ? "" : entry->value.scalar;
}

const Type* child(const Type* type, const Node& map, std::string_view key) {
  return type == nullptr ? nullptr : child_type(*type, key, chosen_name(map, choice_of(type)));
}

void write_out(Node& node, const Type* type) {
  if (type == nullptr) return;
  if (auto written_out = long_form(*type, node)) node = std::move(*written_out);
}

std::optional<size_t> list_position(const std::string& text) {
  size_t position = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return position;
}

// The node under `part`, made when it is missing, or null with the reason in `failure`.
Node* step_into(Node& node, const std::string& part, const Node& value, std::string& failure) {
  if (part.empty()) {
    failure = "an empty name in the path before '='";
  } else if (node.is_list()) {
    const auto position = list_position(part);
    if (position && *position < node.items.size()) return &node.items[*position];
    failure = str_format("{} is no item of the list, which has {} (numbered from 0)", in_quotes(part),
                         node.items.size());
  } else if (node.is_scalar()) {
    failure =
        str_format("{} cannot be set below {}, which is no section", in_quotes(part), describe_node(node));
  } else {
    if (!node.is_map()) {
      node = map_node();
      node.where = value.where;
    }
    if (Entry* entry = node.find(part)) return &entry->value;
    Node fresh;
    fresh.where = value.where;
    node.entries.push_back({part, value.where, std::move(fresh)});
    return &node.entries.back().value;
  }
  return nullptr;
}

// Another alternative makes the settings of the old one meaningless; those from the command line are meant
// for the new.
void forget_old_alternative(Node& map, const std::string& key) {
  std::erase_if(map.entries, [&](const Entry& entry) {
    return entry.key != key && !(entry.where.source && entry.where.source->command_line);
  });
}

// Makes `node`, a value of `choice` in its long form, ready for `value` to be set at `part` below it. Returns
// why that is impossible, or an empty text.
std::string choose(Node& node, const Choice& choice, const std::string& part, const Node& value,
                   bool is_last) {
  if (choice.compact && !part.empty()) {
    if (choice.find(part) == nullptr) return not_possible(part, choice.names());
    if (chosen_name(node, &choice) != part) node = Node();
  } else if (node.is_map() && part == choice.key && is_last && chosen_name(node, &choice) != value.scalar) {
    forget_old_alternative(node, part);
  }
  return "";
}

}  // namespace

void merge_over(Node& base, Node over, const Type* type) {
  write_out(base, type);
  write_out(over, type);
  const Choice* choice = choice_of(type);
  const std::string chosen = chosen_name(over, choice);
  const bool other =
      choice != nullptr && (choice->compact || !chosen.empty()) && chosen != chosen_name(base, choice);
  if (!base.is_map() || !over.is_map() || other) {
    base = std::move(over);
    return;
  }
  for (Entry& entry : over.entries) {
    if (Entry* old = base.find(entry.key)) {
      old->where = entry.where;
      merge_over(old->value, std::move(entry.value), child(type, base, entry.key));
    } else {
      base.entries.push_back(std::move(entry));
    }
  }
}

std::string set_at(Node& root, const std::string& path, Node value, const Type* type) {
  Node* node = &root;
  std::vector<std::string> parts = split_path(path);
  std::string failure;
  for (const std::string& part : parts) {
    write_out(*node, type);
    const Choice* choice = choice_of(type);
    if (choice != nullptr) failure = choose(*node, *choice, part, value, &part == &parts.back());
    if (!failure.empty()) return failure;
    type = child(type, *node, part);
    const Location where = value.where;
    Node* parent = node;
    node = step_into(*node, part, value, failure);
    if (node == nullptr) return failure;
    if (&part == &parts.back() && parent->is_map()) parent->find(part)->where = where;
  }
  merge_over(*node, std::move(value), type);
  return "";
}

}  // namespace echelon::config
