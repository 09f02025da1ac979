#include "config/changes.h"

#include "common/format.h"
#include "config/write.h"

namespace echelon::config {
namespace {

const char* at(const void* object, size_t offset) {
  return static_cast<const char*>(object) + offset;
}

// What an optional holds, or null.
const void* held_by(const Type& type, const void* optional) {
  const void* held = nullptr;
  type.container->visit(optional, [&](const std::string&, const void* element) { held = element; });
  return held;
}

class Changes {
 public:
  void section(const Section& section, const void* value, const void* defaults, const std::string& path) {
    for (const Field& field : section.fields) {
      visit(field.type, at(value, field.offset), at(defaults, field.offset), join_path(path, field.name));
    }
  }
  std::vector<std::string> lines;

 private:
  void visit(const Type& type, const void* value, const void* defaults, const std::string& path) {
    if (type.kind == Kind::kSection) return section(type.section(), value, defaults, path);
    if (type.kind == Kind::kChoice) return choice(*type.choice, value, defaults, path);
    if (type.kind == Kind::kOptional && type.element->kind == Kind::kSection) {
      return optional(type, value, defaults, path);
    }
    const Node node = write_value(type, value);
    if (!same_content(node, write_value(type, defaults)))
      lines.push_back(str_format("{}: {}", path, to_flow_text(node)));
  }

  void choice(const Choice& choice, const void* value, const void* defaults, const std::string& path) {
    const Alternative& alternative = choice.alternatives[choice.index(value)];
    const bool same = choice.index(value) == choice.index(defaults);
    const size_t count = lines.size();
    if (!same && !choice.compact)
      lines.push_back(str_format("{}: {}", join_path(path, choice.key), alternative.name));
    section(alternative.section(), choice.active(const_cast<void*>(value)),
            choice.defaults(choice.index(value), defaults),
            choice.compact ? join_path(path, alternative.name) : path);
    if (!same && lines.size() == count) lines.push_back(str_format("{}: {}", path, alternative.name));
  }

  void optional(const Type& type, const void* value, const void* defaults, const std::string& path) {
    const void* now = held_by(type, value);
    const void* before = held_by(type, defaults);
    const size_t count = lines.size();
    const Section& settings = type.element->section();
    if (now != nullptr) section(settings, now, before != nullptr ? before : settings.defaults.get(), path);
    const bool switched = (now == nullptr) != (before == nullptr);
    if (switched && lines.size() == count)
      lines.push_back(str_format("{}: {}", path, now != nullptr ? "{}" : "null"));
  }
};

}  // namespace

std::vector<std::string> changed_lines(const Section& section, const void* value) {
  Changes changes;
  changes.section(section, value, section.defaults.get(), "");
  return std::move(changes.lines);
}

}  // namespace echelon::config
