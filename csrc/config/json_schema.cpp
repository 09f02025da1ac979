#include "config/json_schema.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/format.h"
#include "config/parse.h"
#include "config/scalar.h"
#include "config/write.h"

namespace echelon::config {
namespace {

using Json = nlohmann::ordered_json;

// A scalar that is not text may also come from the environment: `lr: ${LR}`.
const char* const kVariable = "\\$\\{";

Json to_json(const Node& node) {
  if (node.is_null()) return nullptr;
  if (node.is_list()) {
    Json list = Json::array();
    for (const Node& item : node.items) list.push_back(to_json(item));
    return list;
  }
  if (node.is_map()) {
    Json map = Json::object();
    for (const Entry& entry : node.entries) map[entry.key] = to_json(entry.value);
    return map;
  }
  if (node.style == Node::Style::kQuoted) return node.scalar;
  if (node.scalar == "true" || node.scalar == "false") return node.scalar == "true";
  if (const auto integer = to_integer(node.scalar)) return *integer;
  const auto number = to_number(node.scalar);
  if (number && std::isfinite(*number)) return *number;
  return node.scalar;
}

// A bound without a needless ".0".
Json bound(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15) return static_cast<int64_t>(value);
  return value;
}

class Generator {
 public:
  Json root(const Section& section, const std::string& title);

 private:
  struct Open {
    const Section* section;
    std::string pointer;
  };

  Json value(const Type& type, const void* defaults, const std::string& pointer);
  Json section(const Section& section, const void* defaults, const std::string& pointer);
  Json field(const Field& field, const void* owner, const std::string& pointer);
  Json container(const Type& type, const std::string& pointer);
  Json optional(const Type& type, const void* defaults, const std::string& pointer);
  Json section_or_direct(const Section& section, const void* defaults, const std::string& pointer);
  Json choice(const Choice& choice, const void* defaults, bool must_choose, const std::string& pointer);
  Json compact_choice(const Choice& choice, const void* defaults, const std::string& pointer);

  std::vector<Open> open_;  // sections being written, outermost first
};

const char* at(const void* object, size_t offset) {
  return static_cast<const char*>(object) + offset;
}

bool has_required(const Section& section, const void* defaults);

// Whether leaving the field out is a problem: it or something below it is required.
bool must_be_written(const Field& field, const void* owner) {
  if (field.required) return true;
  const void* member = at(owner, field.offset);
  const Section* below = nullptr;
  if (field.type.kind == Kind::kSection) below = &field.type.section();
  if (field.type.kind == Kind::kChoice) {
    const Choice& choice = *field.type.choice;
    below = &choice.alternatives[choice.index(member)].section();
    member = choice.active(const_cast<void*>(member));
  }
  return below != nullptr && has_required(*below, member);
}

bool has_required(const Section& section, const void* defaults) {
  return std::any_of(section.fields.begin(), section.fields.end(),
                     [&](const Field& field) { return must_be_written(field, defaults); });
}

Json among(Json allowed) {
  return {
      {"anyOf", Json::array({{{"enum", std::move(allowed)}}, {{"type", "string"}, {"pattern", kVariable}}})}};
}

Json or_null(Json schema) {
  if (schema.contains("oneOf") && !schema.contains("type")) {
    schema["oneOf"].push_back({{"type", "null"}});
    return schema;
  }
  if (schema.contains("oneOf") || schema.contains("$ref")) {
    return {{"anyOf", Json::array({std::move(schema), {{"type", "null"}}})}};
  }
  if (schema.contains("anyOf")) {
    schema["anyOf"].push_back({{"type", "null"}});
    return schema;
  }
  if (schema["type"].is_string()) schema["type"] = Json::array({schema["type"]});
  schema["type"].push_back("null");
  return schema;
}

Json number(const char* type, const Limits& limits) {
  if (!limits.numbers.empty()) {
    Json allowed = Json::array();
    for (const double one : limits.numbers) allowed.push_back(bound(one));
    return among(std::move(allowed));
  }
  Json schema = {{"type", {type, "string"}}, {"pattern", kVariable}};
  if (limits.above) schema["exclusiveMinimum"] = bound(*limits.above);
  if (limits.at_least) schema["minimum"] = bound(*limits.at_least);
  if (limits.below) schema["exclusiveMaximum"] = bound(*limits.below);
  if (limits.at_most) schema["maximum"] = bound(*limits.at_most);
  return schema;
}

Json named(const Type& type) {
  Json names = Json::array();
  for (const auto& [name, value] : type.names) names.push_back(name);
  return among(std::move(names));
}

Json text(const Limits& limits) {
  if (limits.texts.empty()) return {{"type", "string"}};
  return among(limits.texts);
}

Json Generator::value(const Type& type, const void* defaults, const std::string& pointer) {
  switch (type.kind) {
    case Kind::kBool:
      return {{"type", {"boolean", "string"}}, {"pattern", kVariable}};
    case Kind::kInteger:
      return number("integer", type.limits);
    case Kind::kNumber:
      return number("number", type.limits);
    case Kind::kText:
      return text(type.limits);
    case Kind::kPath:
      return {{"type", "string"}, {"minLength", 1}};
    case Kind::kEnum:
      return named(type);
    case Kind::kOptional:
      return optional(type, defaults, pointer);
    case Kind::kSection:
      return section_or_direct(type.section(), defaults, pointer);
    case Kind::kChoice:
      return type.choice->compact ? compact_choice(*type.choice, defaults, pointer)
                                  : choice(*type.choice, defaults, true, pointer);
    default:
      return container(type, pointer);
  }
}

// The default of what an optional, a list or a map holds is that of its type.
const void* fresh(const Type& type) {
  return type.kind == Kind::kSection ? type.section().defaults.get() : nullptr;
}

Json Generator::optional(const Type& type, const void* defaults, const std::string& pointer) {
  const void* held = fresh(*type.element);
  type.container->visit(defaults, [&](const std::string&, const void* value) { held = value; });
  return or_null(value(*type.element, held, pointer));
}

Json Generator::container(const Type& type, const std::string& pointer) {
  const Type& element = *type.element;
  if (type.kind == Kind::kMap) {
    return {{"type", "object"},
            {"additionalProperties", value(element, fresh(element), pointer + "/additionalProperties")}};
  }
  const std::string items = pointer + "/items";
  Json schema = {{"type", "array"}};
  schema["items"] = value(element, fresh(element), items);
  if (type.limits.min_items > 0) schema["minItems"] = type.limits.min_items;
  if (type.limits.max_items < SIZE_MAX) schema["maxItems"] = type.limits.max_items;
  if (type.or_one && type.limits.min_items <= 1) return {{"anyOf", Json::array({schema["items"], schema})}};
  return schema;
}

Json Generator::section(const Section& section, const void* defaults, const std::string& pointer) {
  for (const Open& outer : open_) {
    if (outer.section == &section) return {{"$ref", outer.pointer}};
  }
  open_.push_back({&section, pointer});
  Json schema = {{"type", "object"}};
  if (!section.about.empty()) schema["description"] = section.about;
  schema["properties"] = Json::object();
  Json required = Json::array();
  for (const Field& one : section.fields) {
    schema["properties"][one.name] = field(one, defaults, pointer + "/properties/" + one.name);
    if (must_be_written(one, defaults)) required.push_back(one.name);
  }
  schema["additionalProperties"] = false;
  if (!required.empty()) schema["required"] = std::move(required);
  open_.pop_back();
  return schema;
}

// The field that stands for the section is described there already; a copy would not end where a section
// holds itself.
Json Generator::section_or_direct(const Section& section, const void* defaults, const std::string& pointer) {
  const Field* direct = section.direct();
  if (direct == nullptr) return this->section(section, defaults, pointer);
  const std::string place = pointer + "/anyOf/0";
  Json whole = this->section(section, defaults, place);
  const std::string section_place = whole.contains("$ref") ? whole["$ref"].get<std::string>() : place;
  Json alone = {{"$ref", str_format("{}/properties/{}", section_place, direct->name)}};
  return {{"anyOf", Json::array({std::move(whole), std::move(alone)})}};
}

Json example_of(const Field& field) {
  Budget budget;
  Problems problems;
  const auto example = parse_yaml(field.example, nullptr, budget, problems);
  if (!example)
    throw InternalError(str_format("the example of setting '{}' is {}", field.name, problems.text()));
  return to_json(*example);
}

Json Generator::field(const Field& field, const void* owner, const std::string& pointer) {
  const void* member = at(owner, field.offset);
  const bool has_key = field.type.kind == Kind::kChoice && !field.type.choice->compact;
  Json schema = has_key ? choice(*field.type.choice, member, field.required, pointer)
                        : value(field.type, member, pointer);
  schema["description"] = field.unit.empty() ? field.help : str_format("{} [{}]", field.help, field.unit);
  const bool is_value = field.type.kind != Kind::kSection && !has_key;
  if (!field.required && is_value) schema["default"] = to_json(write_value(field.type, member));
  if (!field.example.empty()) schema["examples"] = Json::array({example_of(field)});
  return schema;
}

Json Generator::choice(const Choice& choice, const void* defaults, bool must_choose,
                       const std::string& pointer) {
  const std::vector<std::string> names = choice.names();
  Json schema = {{"type", "object"}, {"oneOf", Json::array()}};
  for (size_t i = 0; i < choice.alternatives.size(); ++i) {
    const Alternative& alternative = choice.alternatives[i];
    const bool is_default = defaults != nullptr && choice.index(defaults) == i;
    const void* values = choice.defaults(i, defaults);
    Json one = section(alternative.section(), values, str_format("{}/oneOf/{}", pointer, i));
    Json properties = {{choice.key, {{"const", alternative.name}, {"description", alternative.help}}}};
    properties.update(one["properties"]);
    one["title"] = alternative.name;
    one["description"] = alternative.help;
    one["properties"] = std::move(properties);
    if (must_choose || !is_default) one["required"].push_back(choice.key);
    schema["oneOf"].push_back(std::move(one));
  }
  return schema;
}

Json Generator::compact_choice(const Choice& choice, const void* defaults, const std::string& pointer) {
  choice.names();
  Json bare = Json::array(), forms = Json::array();
  for (const Alternative& alternative : choice.alternatives) {
    const void* values = choice.defaults(forms.size(), defaults);
    const std::string place =
        str_format("{}/oneOf/{}/properties/{}", pointer, forms.size(), alternative.name);
    Json settings = section_or_direct(alternative.section(), values, place);
    if (!has_required(alternative.section(), values)) {
      bare.push_back(alternative.name);
      settings = or_null(std::move(settings));
    }
    settings["description"] = alternative.help;
    forms.push_back({{"type", "object"},
                     {"properties", {{alternative.name, std::move(settings)}}},
                     {"required", {alternative.name}},
                     {"additionalProperties", false}});
  }
  if (!bare.empty()) forms.push_back(among(std::move(bare)));
  return {{"oneOf", std::move(forms)}};
}

Json Generator::root(const Section& root, const std::string& title) {
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
  schema.update(section(root, root.defaults.get(), "#"));
  const Json file = {{"type", "string"}, {"minLength", 1}};
  schema["properties"]["include"] = {
      {"anyOf", Json::array({file, {{"type", "array"}, {"items", file}}})},
      {"description", "Files to start from, relative to this one; the keys of this file win over theirs."}};
  if (schema.contains("required")) {
    schema["anyOf"] = Json::array({{{"required", {"include"}}}, {{"required", schema["required"]}}});
    schema.erase("required");
  }
  return schema;
}

}  // namespace

std::string json_schema_text(const Section& root, const std::string& title) {
  return Generator().root(root, title).dump(2) + "\n";
}

}  // namespace echelon::config
