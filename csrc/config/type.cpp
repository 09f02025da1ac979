#include "config/type.h"

#include "common/error.h"
#include "common/format.h"
#include "config/scalar.h"

namespace echelon::config {

const Field* Section::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const Field* Section::direct() const {
  for (const Field& field : fields) {
    if (field.direct) return &field;
  }
  return nullptr;
}

const Alternative* Choice::find(std::string_view name) const {
  for (const Alternative& alternative : alternatives) {
    if (!alternative.name.empty() && alternative.name == name) return &alternative;
  }
  return nullptr;
}

std::vector<std::string> Choice::names() const {
  std::vector<std::string> result;
  for (const Alternative& alternative : alternatives) {
    if (alternative.name.empty())
      throw InternalError("an alternative of a choice was not named with f.choice<…>");
    result.push_back(alternative.name);
  }
  return result;
}

const void* Choice::defaults(size_t i, const void* variant) const {
  const bool is_active = variant != nullptr && index(variant) == i;
  return is_active ? active(const_cast<void*>(variant)) : alternatives.at(i).section().defaults.get();
}

Type& leaf_type(Type& type) {
  return type.element ? leaf_type(*type.element) : type;
}
const Type& leaf_type(const Type& type) {
  return type.element ? leaf_type(*type.element) : type;
}

const Type* child_type(const Type& type, std::string_view key, std::string_view chosen) {
  switch (type.kind) {
    case Kind::kOptional:
      return child_type(*type.element, key, chosen);
    case Kind::kList:
    case Kind::kMap:
      return type.element.get();
    case Kind::kSection: {
      const Field* field = type.section().find(key);
      return field == nullptr ? nullptr : &field->type;
    }
    case Kind::kChoice:
      if (type.choice->compact) {
        const Alternative* named = type.choice->find(key);
        return named == nullptr ? nullptr : &named->settings;
      }
      for (const Alternative& alternative : type.choice->alternatives) {
        if (!chosen.empty() && alternative.name != chosen) continue;
        if (const Field* field = alternative.section().find(key)) return &field->type;
      }
      return nullptr;
    default:
      return nullptr;
  }
}

namespace {

std::string plural(const Type& type) {
  const std::string name = type_name(type);
  const bool same = type.kind == Kind::kText || type.kind == Kind::kEnum || type.kind == Kind::kList ||
                    type.kind == Kind::kMap;
  return same ? name : name + "s";
}

}  // namespace

std::string type_name(const Type& type) {
  switch (type.kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kInteger:
      return "integer";
    case Kind::kNumber:
      return "number";
    case Kind::kText:
    case Kind::kEnum:
      return "text";
    case Kind::kPath:
      return "path";
    case Kind::kOptional:
      return type_name(*type.element);
    case Kind::kList:
      return (type.or_one ? type_name(*type.element) + " or list of " : "list of ") + plural(*type.element);
    case Kind::kMap:
      return "map of " + plural(*type.element);
    case Kind::kSection: {
      const Field* direct = type.section().direct();
      return direct == nullptr ? "section" : type_name(direct->type) + " or section";
    }
    case Kind::kChoice:
      return "choice";
  }
  return "";
}

std::string limits_text(const Type& type) {
  std::vector<std::string> parts;
  const auto bound = [&](const char* words, const std::optional<double>& value) {
    if (value) parts.push_back(str_format("{} {}", words, number_text(*value)));
  };
  const Type& leaf = leaf_type(type);
  bound("above", leaf.limits.above);
  bound("at least", leaf.limits.at_least);
  bound("below", leaf.limits.below);
  bound("at most", leaf.limits.at_most);
  std::vector<std::string> allowed = leaf.limits.texts;
  for (const double number : leaf.limits.numbers) allowed.push_back(number_text(number));
  for (const auto& [name, value] : leaf.names) allowed.push_back(name);
  if (leaf.kind == Kind::kChoice) allowed = leaf.choice->names();
  if (!allowed.empty()) parts.push_back(join_or(allowed));
  const Type* counted = &type;
  while (counted->kind == Kind::kOptional) counted = counted->element.get();
  const bool has_items = counted->kind == Kind::kList || counted->kind == Kind::kMap;
  if (has_items && !parts.empty()) parts.front() = "each " + parts.front();
  const auto [least, most] = std::pair(counted->limits.min_items, counted->limits.max_items);
  if (least == most) {
    parts.push_back(str_format("{} items", least));
  } else if (least > 0 && most < SIZE_MAX) {
    parts.push_back(str_format("{} to {} items", least, most));
  } else if (least > 0) {
    parts.push_back(str_format("{} or more items", least));
  } else if (most < SIZE_MAX) {
    parts.push_back(str_format("at most {} items", most));
  }
  return join(parts);
}

}  // namespace echelon::config
