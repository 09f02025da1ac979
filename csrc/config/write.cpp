#include "config/write.h"

#include "common/error.h"
#include "common/format.h"
#include "config/fields.h"
#include "config/read_scalar.h"
#include "config/scalar.h"

namespace echelon::config {
namespace {

const char* at(const void* object, size_t offset) {
  return static_cast<const char*>(object) + offset;
}

void add(Node& map, std::string key, Node value) {
  map.entries.push_back({std::move(key), {}, std::move(value)});
}

Node write_enum(const Type& type, const void* value) {
  const int64_t number = load_integer(value, type.bytes);
  for (const auto& [name, named] : type.names) {
    if (named == number) return scalar_node(name, Node::Style::kQuoted);
  }
  throw InternalError(
      str_format("a setting has the value {}, which was not named with .values({{…}})", number));
}

Node write_choice(const Choice& choice, const void* value) {
  const Alternative& alternative = choice.alternatives.at(choice.index(value));
  Node settings = write_settings(alternative.section(), choice.active(const_cast<void*>(value)));
  Node name = scalar_node(alternative.name, Node::Style::kQuoted);
  if (choice.compact && settings.entries.empty()) return name;
  Node result = map_node();
  if (choice.compact) {
    add(result, alternative.name, std::move(settings));
    return result;
  }
  add(result, choice.key, std::move(name));
  for (Entry& entry : settings.entries) result.entries.push_back(std::move(entry));
  return result;
}

Node write_container(const Type& type, const void* value) {
  if (type.kind == Kind::kOptional) {
    Node node;
    type.container->visit(
        value, [&](const std::string&, const void* held) { node = write_value(*type.element, held); });
    return node;
  }
  Node node = type.kind == Kind::kList ? list_node() : map_node();
  type.container->visit(value, [&](const std::string& key, const void* element) {
    Node item = write_value(*type.element, element);
    if (type.kind == Kind::kList) {
      node.items.push_back(std::move(item));
    } else {
      add(node, key, std::move(item));
    }
  });
  return node;
}

}  // namespace

Node write_value(const Type& type, const void* value) {
  switch (type.kind) {
    case Kind::kBool:
      return scalar_node(*static_cast<const bool*>(value) ? "true" : "false");
    case Kind::kInteger:
      return scalar_node(std::to_string(load_integer(value, type.bytes)));
    case Kind::kNumber:
      // A float is printed as such: 0.1f is "0.1", not the double nearest to it.
      return scalar_node(type.bytes == 8 ? number_text(*static_cast<const double*>(value))
                                         : number_text(*static_cast<const float*>(value)));
    case Kind::kEnum:
      return write_enum(type, value);
    case Kind::kText:
      return scalar_node(*static_cast<const std::string*>(value), Node::Style::kQuoted);
    case Kind::kPath:
      return scalar_node(static_cast<const InputPath*>(value)->path, Node::Style::kQuoted);
    case Kind::kSection:
      return write_settings(type.section(), value);
    case Kind::kChoice:
      return write_choice(*type.choice, value);
    default:
      return write_container(type, value);
  }
}

Node write_settings(const Section& section, const void* value) {
  Node map = map_node();
  for (const Field& field : section.fields)
    add(map, field.name, write_value(field.type, at(value, field.offset)));
  return map;
}

}  // namespace echelon::config
