#include "config/fields.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon::config {
namespace {

[[noreturn]] void misdeclared(const Field& field, std::string_view why) {
  throw InternalError(str_format("setting '{}' is declared wrongly: {}", field.name, why));
}

// The type below optionals.
Type& held_type(Type& type) {
  return type.kind == Kind::kOptional ? held_type(*type.element) : type;
}

}  // namespace

Limits& FieldBase::number_limits() {
  Type& leaf = leaf_type(field_.type);
  if (leaf.kind != Kind::kInteger && leaf.kind != Kind::kNumber)
    misdeclared(field_, "only numbers have bounds");
  return leaf.limits;
}

void FieldBase::count_items(size_t least, size_t most) {
  Type& type = held_type(field_.type);
  if (type.kind != Kind::kList && type.kind != Kind::kMap)
    misdeclared(field_, "only lists and maps have items");
  type.limits.min_items = std::max(type.limits.min_items, least);
  type.limits.max_items = std::min(type.limits.max_items, most);
}

void FieldBase::allow(std::span<const double> numbers) {
  number_limits().numbers.assign(numbers.begin(), numbers.end());
}

void FieldBase::allow(std::span<const char* const> texts) {
  allow(std::vector<std::string>(texts.begin(), texts.end()));
}

void FieldBase::allow(const std::vector<std::string>& texts) {
  if (leaf_type(field_.type).kind != Kind::kText) misdeclared(field_, "only text takes one_of names");
  limits().texts = texts;
}

void FieldBase::set_unit(std::string_view text) {
  field_.unit = text;
}

void FieldBase::set_example(std::string_view yaml) {
  field_.example = yaml;
}

void FieldBase::name_value(const char* name, int64_t value) {
  leaf_type(field_.type).names.emplace_back(name, value);
}

void FieldBase::expect_path() {
  if (leaf_type(field_.type).kind != Kind::kPath) misdeclared(field_, "only an InputPath can exist");
  limits().must_exist = true;
}

void FieldBase::take_one() {
  Type& type = held_type(field_.type);
  if (type.kind != Kind::kList || type.element->kind > Kind::kEnum)
    misdeclared(field_, "only a list of single values may be written as one");
  type.or_one = true;
}

void FieldBase::stand_alone() {
  const Type& type = held_type(field_.type);
  if (type.kind != Kind::kList && type.kind > Kind::kEnum)
    misdeclared(field_, "only a single value or a list may stand for its section");
  field_.direct = true;
}

Field& FieldsBase::add_field(std::string_view name, Type type, size_t offset, std::string_view help) {
  Field field;
  field.name = name;
  field.help = help;
  field.type = std::move(type);
  field.offset = offset;
  if (section_.find(field.name) != nullptr) misdeclared(field, "its name is used twice");
  return section_.fields.emplace_back(std::move(field));
}

void FieldsBase::declare_choice(const void* id, std::string_view name, std::string_view help) {
  for (auto field = section_.fields.rbegin(); field != section_.fields.rend(); ++field) {
    const Type& leaf = leaf_type(field->type);
    if (leaf.kind != Kind::kChoice) continue;
    for (Alternative& alternative : leaf.choice->alternatives) {
      if (alternative.id != id) continue;
      alternative.name = name;
      alternative.help = help;
      return;
    }
  }
  throw InternalError(str_format("choice '{}' is declared before any setting that offers it", name));
}

void FieldsBase::choice_key(std::string_view key) {
  for (auto field = section_.fields.rbegin(); field != section_.fields.rend(); ++field) {
    const Type& leaf = leaf_type(field->type);
    if (leaf.kind != Kind::kChoice) continue;
    leaf.choice->key = key;
    return;
  }
  throw InternalError(str_format("choice key '{}' is declared before any choice", key));
}

}  // namespace echelon::config
