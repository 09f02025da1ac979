// Described structs as data. fields.h fills it; the reader, the writer, the JSON Schema and the reference
// page walk it, so that none of them is a template.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace echelon::config {

class Checks;
struct Section;
struct Choice;

// Scalars first, up to kEnum.
enum class Kind { kBool, kInteger, kNumber, kText, kPath, kEnum, kOptional, kList, kMap, kSection, kChoice };

/// Sections are looked up when they are needed, so that one may contain itself.
using SectionRef = const Section& (*)();

/// What a value must keep to. Bounds are for numbers, `texts` for text, counts for lists and maps.
struct Limits {
  std::optional<double> above, at_least, below, at_most;
  std::vector<double> numbers;
  std::vector<std::string> texts;
  bool finite = true;
  bool must_exist = false;
  size_t min_items = 0;
  size_t max_items = SIZE_MAX;
};

/// Access to an optional, a vector or a map whose element type is not known here.
struct Container {
  void (*clear)(void* container);
  /// Adds a default-constructed element and returns it; a map stores it under `key`, the others ignore `key`.
  void* (*add)(void* container, const std::string& key);
  void (*visit)(const void* container,
                const std::function<void(const std::string& key, const void* element)>& each);
};

struct Type {
  Kind kind = Kind::kBool;
  int bytes = 0;  ///< kInteger, kEnum: size of the integer; kNumber: 4 or 8
  Limits limits;
  std::vector<std::pair<std::string, int64_t>> names;  ///< kEnum
  std::shared_ptr<Type> element;                       ///< kOptional, kList, kMap
  const Container* container = nullptr;                ///< kOptional, kList, kMap
  SectionRef section = nullptr;                        ///< kSection
  std::shared_ptr<Choice> choice;                      ///< kChoice
  bool or_one = false;                                 ///< kList: may be written as its only item
};

struct Field {
  std::string name;
  std::string help;
  std::string unit;
  std::string example;
  Type type;
  size_t offset = 0;  ///< of the member within the struct
  bool required = false;
  bool hidden = false;
  bool direct = false;  ///< the section may be written as this value alone
};

/// A contradiction between fields, looked for when the fields it reads were read well.
struct Check {
  std::vector<std::string> reads;  ///< keys of this section; empty: all of them
  std::function<void(const void* value, Checks& checks)> run;
};

struct Section {
  std::string about;
  std::vector<Field> fields;
  std::vector<Check> checks;
  std::shared_ptr<const void> defaults;  ///< a default-constructed struct

  const Field* find(std::string_view name) const;
  /// The field whose value may stand for the section, or null.
  const Field* direct() const;
};

struct Alternative {
  const void* id;                   ///< one address a C++ type
  Type settings;                    ///< kSection
  void* (*emplace)(void* variant);  ///< makes a default-constructed alternative the active one
  std::string name;
  std::string help;

  const Section& section() const { return settings.section(); }
};

/// A std::variant of described structs: a section whose `key` names the alternative, or, when `compact`, the
/// bare name or one key with the settings below it (`relu`, `conv: {out: 32}`). Items of lists are compact.
struct Choice {
  std::string key = "name";
  bool compact = false;
  std::string about;
  std::vector<Alternative> alternatives;  ///< in the order of the variant
  size_t (*index)(const void* variant);
  void* (*active)(void* variant);

  const Alternative* find(std::string_view name) const;
  std::vector<std::string> names() const;
  /// The settings that alternative `i` has by default: those in `variant` (may be null) if it is active
  /// there.
  const void* defaults(size_t i, const void* variant) const;
};

/// The type below optionals, lists and maps.
Type& leaf_type(Type& type);
const Type& leaf_type(const Type& type);

/// The type of what stands under `key` in a value of `type` in its long form, or null when that cannot be
/// said. `chosen` is the name of the alternative for a choice with a key (empty: the first that has such a
/// field).
const Type* child_type(const Type& type, std::string_view key, std::string_view chosen);

/// "integer", "list of text": for the reference page and messages.
std::string type_name(const Type& type);

/// "above 0, at most 1"; "one of sgd, adam"; empty when anything goes. Describes the leaf and the number of
/// items.
std::string limits_text(const Type& type);

}  // namespace echelon::config
