#include "config/read.h"

#include <algorithm>

#include "common/format.h"
#include "config/fields.h"
#include "config/read_scalar.h"
#include "config/scalar.h"
#include "config/short_forms.h"
#include "config/suggest.h"
#include "config/write.h"

namespace echelon::config {
namespace {

char* at(void* object, size_t offset) {
  return static_cast<char*>(object) + offset;
}

// "; write [128]" for 128 where a list of such values is expected.
std::string list_advice(const Type& element, const Node& node) {
  const bool holds_scalars = element.kind <= Kind::kEnum;
  if (!holds_scalars || !node.is_scalar()) return "";
  Node shown = node;
  if (!looks_like_number(node.scalar)) shown.style = Node::Style::kQuoted;
  return str_format("; write [{}]", to_flow_text(shown));
}

class SectionChecks : public Checks {
 public:
  /// `defaults` and `values` are the section before and after it was read from `node`.
  SectionChecks(const Node& node, const Location& where, const std::string& path, const Node& defaults,
                const Node& values, Problems& problems, InputFiles files)
      : node_(node),
        where_(where),
        path_(path),
        defaults_(defaults),
        values_(values),
        problems_(problems),
        files_(files) {}
  void problem(std::string_view key, std::string_view message) override {
    problems_.add(locate(node_, where_, key).where, key.empty() ? path_ : join_path(path_, key), message);
  }
  void missing_file(std::string_view key, std::string_view message) override {
    if (files_ == InputFiles::kMustExist) problem(key, message);
  }
  bool is_set(std::string_view key) const override {
    const Node* value = locate(values_, where_, key).node;
    const Node* before = locate(defaults_, where_, key).node;
    return value != nullptr && (before == nullptr || !same_content(*value, *before));
  }

 private:
  const Node& node_;
  const Location& where_;
  const std::string& path_;
  const Node& defaults_;
  const Node& values_;
  Problems& problems_;
  InputFiles files_;
};

// Every read function stores into `out` and returns whether the value, with all below it, was sound.
class Reader {
 public:
  Reader(const Section& root, Problems& problems, InputFiles files)
      : root_(root), problems_(problems), files_(files) {}

  /// `where` is the place of the section's key; `choice_key` is passed over, having been read.
  bool read_section(const Section& section, const Node& node, void* out, const std::string& path,
                    const Location& where, std::string_view choice_key);

 private:
  bool read(const Type& type, const Node& node, void* out, const std::string& path, const Location& where);
  bool read_container(const Type& type, const Node& node, void* out, const std::string& path);
  bool read_optional(const Type& type, const Node& node, void* out, const std::string& path,
                     const Location& where);
  bool read_choice(const Choice& choice, const Node& node, void* out, const std::string& path,
                   const Location& where, bool must_choose);
  bool read_compact(const Choice& choice, const Node& node, void* out, const std::string& path);
  bool read_absent(const Field& field, void* out, const std::string& path, const Location& where);
  bool read_field(const Field& field, const Entry& entry, void* out, const std::string& path);
  /// `unsound` are the fields that were not read well.
  void run_checks(const Section& section, const Node& node, const void* value, const std::string& path,
                  const Location& where, const Node& defaults, const std::vector<std::string>& unsound);
  bool fail(const Location& where, std::string_view path, std::string_view message) {
    problems_.add(where, path, message);
    return false;
  }

  const Section& root_;
  Problems& problems_;
  InputFiles files_;
};

bool Reader::read(const Type& type, const Node& node, void* out, const std::string& path,
                  const Location& where) {
  if (node.is_broken()) return false;
  if (const auto written_out = long_form(type, node)) return read(type, *written_out, out, path, where);
  switch (type.kind) {
    case Kind::kOptional:
      return read_optional(type, node, out, path, where);
    case Kind::kList:
    case Kind::kMap:
      return read_container(type, node, out, path);
    case Kind::kSection:
      return read_section(type.section(), node, out, path, where, "");
    case Kind::kChoice:
      return type.choice->compact ? read_compact(*type.choice, node, out, path)
                                  : read_choice(*type.choice, node, out, path, where, true);
    default: {
      const std::string problem = read_scalar(type, node, out, files_);
      return problem.empty() || fail(node.where, path, problem);
    }
  }
}

bool Reader::read_optional(const Type& type, const Node& node, void* out, const std::string& path,
                           const Location& where) {
  type.container->clear(out);
  if (node.is_null() || node.is_empty_variable()) return true;
  if (read(*type.element, node, type.container->add(out, ""), path, where)) return true;
  type.container->clear(out);
  return false;
}

bool Reader::read_container(const Type& type, const Node& node, void* out, const std::string& path) {
  const bool is_list = type.kind == Kind::kList;
  if (is_list ? !node.is_list() : !node.is_map()) {
    return fail(node.where, path,
                str_format("expected {}, found {}{}", is_list ? "a list" : "a section of names and values",
                           describe_node(node), is_list ? list_advice(*type.element, node) : ""));
  }
  const size_t count = is_list ? node.items.size() : node.entries.size();
  if (count < type.limits.min_items) {
    return fail(node.where, path,
                str_format("needs at least {} items, has {}", type.limits.min_items, count));
  }
  if (count > type.limits.max_items) {
    return fail(node.where, path, str_format("takes at most {} items, has {}", type.limits.max_items, count));
  }
  type.container->clear(out);
  bool sound = true;
  for (size_t i = 0; i < node.items.size() && !problems_.full(); ++i) {
    const Node& item = node.items[i];
    sound &= read(*type.element, item, type.container->add(out, ""), join_path(path, std::to_string(i)),
                  item.where);
  }
  for (const Entry& entry : node.entries) {
    if (problems_.full()) break;
    sound &= read(*type.element, entry.value, type.container->add(out, entry.key), join_path(path, entry.key),
                  entry.where);
  }
  return sound;
}

bool Reader::read_choice(const Choice& choice, const Node& node, void* out, const std::string& path,
                         const Location& where, bool must_choose) {
  const std::vector<std::string> names = choice.names();
  if (!node.is_map()) {
    const bool lone = node.is_scalar() && choice.find(node.scalar) != nullptr;
    return fail(node.where, path,
                str_format("expected a section, found {}{}", describe_node(node),
                           lone ? str_format("; write {{{}: {}}}", choice.key, node.scalar) : ""));
  }
  const Alternative* alternative = &choice.alternatives[choice.index(out)];
  if (const Entry* entry = node.find(choice.key)) {
    if (entry->value.is_broken()) return false;
    const std::string key_path = join_path(path, choice.key);
    if (!entry->value.is_scalar()) {
      return fail(entry->value.where, key_path, "expected text, found " + describe_node(entry->value));
    }
    const Alternative* named = choice.find(entry->value.scalar);
    if (named == nullptr) return fail(entry->value.where, key_path, not_possible(entry->value.scalar, names));
    if (named != alternative) named->emplace(out);
    alternative = named;
  } else if (must_choose) {
    return fail(where, path, str_format("missing key '{}'; allowed: {}", choice.key, join_or(names)));
  }
  return read_section(alternative->section(), node, choice.active(out), path, where, choice.key);
}

// What is only a known name came here written out.
bool Reader::read_compact(const Choice& choice, const Node& node, void* out, const std::string& path) {
  const std::vector<std::string> names = choice.names();
  if (node.is_scalar()) return fail(node.where, path, not_possible(node.scalar, names));
  if (!node.is_map() || node.entries.size() != 1) {
    return fail(
        node.where, path,
        str_format("expected a name, or one name with its settings below it; allowed: {}", join_or(names)));
  }
  const auto& [name, where, settings] = node.entries[0];
  const Alternative* named = choice.find(name);
  if (named == nullptr) return fail(where, path, not_possible(name, names));
  if (named != &choice.alternatives[choice.index(out)]) named->emplace(out);
  return read(named->settings, settings, choice.active(out), join_path(path, name), where);
}

// A section that is not written still has required fields and checks.
bool Reader::read_absent(const Field& field, void* out, const std::string& path, const Location& where) {
  const std::string field_path = join_path(path, field.name);
  if (field.required) return fail(where, "", str_format("missing required key '{}'", field_path));
  Node nothing = map_node();
  nothing.where = where;
  if (field.type.kind == Kind::kSection)
    return read_section(field.type.section(), nothing, out, field_path, where, "");
  if (field.type.kind != Kind::kChoice) return true;
  const Choice& choice = *field.type.choice;
  const Alternative& active = choice.alternatives[choice.index(out)];
  return read_section(active.section(), nothing, choice.active(out),
                      choice.compact ? join_path(field_path, active.name) : field_path, where, "");
}

bool Reader::read_field(const Field& field, const Entry& entry, void* out, const std::string& path) {
  const std::string field_path = join_path(path, field.name);
  if (field.type.kind == Kind::kChoice && !field.type.choice->compact && !entry.value.is_broken()) {
    return read_choice(*field.type.choice, entry.value, out, field_path, entry.where, field.required);
  }
  return read(field.type, entry.value, out, field_path, entry.where);
}

void Reader::run_checks(const Section& section, const Node& node, const void* value, const std::string& path,
                        const Location& where, const Node& defaults,
                        const std::vector<std::string>& unsound) {
  const Node values = write_settings(section, value);
  SectionChecks checks(node, where, path, defaults, values, problems_, files_);
  for (const Check& check : section.checks) {
    const auto& reads = check.reads;
    const bool blocked = std::any_of(unsound.begin(), unsound.end(), [&](const std::string& name) {
      return reads.empty() || std::find(reads.begin(), reads.end(), name) != reads.end();
    });
    if (!blocked) check.run(value, checks);
  }
}

bool Reader::read_section(const Section& section, const Node& node, void* out, const std::string& path,
                          const Location& where, std::string_view choice_key) {
  if (node.is_broken()) return false;
  if (!node.is_map()) {
    const char* advice = node.is_null() ? "; write {} for an empty one, or remove the line" : "";
    return fail(
        node.where, path,
        str_format("expected a section of 'key: value' lines, found {}{}", describe_node(node), advice));
  }
  const Node defaults = section.checks.empty() ? Node() : write_settings(section, out);
  std::vector<std::string> unsound;
  for (const Entry& entry : node.entries) {
    if (problems_.full()) return false;
    if (entry.key == choice_key && !choice_key.empty()) continue;
    if (section.find(entry.key) == nullptr) {
      problems_.add(entry.where, path, unknown_key(root_, section, path, entry.key));
    }
  }
  for (const Field& field : section.fields) {
    const Entry* entry = node.find(field.name);
    void* member = at(out, field.offset);
    const bool sound =
        entry != nullptr ? read_field(field, *entry, member, path) : read_absent(field, member, path, where);
    if (!sound) unsound.push_back(field.name);
  }
  if (!section.checks.empty()) run_checks(section, node, out, path, where, defaults, unsound);
  return unsound.empty();
}

}  // namespace

void read_settings(const Section& section, const Node& root, void* value, Problems& problems,
                   InputFiles files) {
  Reader(section, problems, files).read_section(section, root, value, "", root.where, "");
}

}  // namespace echelon::config
