#include "config/reference.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "common/format.h"
#include "config/node.h"
#include "config/write.h"

namespace echelon::config {
namespace {

std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

// The anchor that GitHub and most Markdown tools give a heading.
std::string anchor(std::string_view heading) {
  std::string result;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') {
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (c == ' ') {
      result += '-';
    }
  }
  return result;
}

std::string link(const std::string& heading) {
  return str_format("[{}](#{})", heading, anchor(heading));
}

class Page {
 public:
  explicit Page(const std::string& title) : text_(str_format("# {}\n", title)) {}

  void section(const Section& section, const void* defaults, const std::string& path,
               const std::string& heading, const std::string& about);
  std::string text() && { return std::move(text_); }

 private:
  struct Printed {
    const Section* section;
    Node defaults;
    std::string heading;
  };

  void row(const Field& field, const void* owner, const std::string& path);
  void below(const Type& type, const void* value, const std::string& path);
  void alternatives(const Choice& choice, const void* value, const std::string& path, bool in_list);
  std::string default_text(const Field& field, const void* member) const;

  std::string text_;
  std::vector<Printed> printed_;
  std::map<decltype(Choice::index), std::string>
      item_headings_;  // by the variant, of which `index` is characteristic
};

const char* at(const void* object, size_t offset) {
  return static_cast<const char*>(object) + offset;
}

std::string Page::default_text(const Field& field, const void* member) const {
  if (field.required) return "required";
  if (field.type.kind == Kind::kSection) return "";
  if (field.type.kind == Kind::kChoice) {
    const Choice& choice = *field.type.choice;
    return str_format("`{}`", choice.alternatives[choice.index(member)].name);
  }
  const Node value = write_value(field.type, member);
  if (value.is_null()) return "not set";
  return str_format("`{}`", to_flow_text(value));
}

void Page::row(const Field& field, const void* owner, const std::string& path) {
  std::string type = type_name(field.type);
  const Kind leaf = leaf_type(field.type).kind;
  if (leaf == Kind::kSection || leaf == Kind::kChoice) type += ", see " + link(join_path(path, field.name));
  if (!field.unit.empty()) type += str_format(" [{}]", field.unit);
  std::string help = field.help;
  if (!field.example.empty()) help += str_format(" Example: `{}`", field.example);
  text_ += str_format("| `{}` | {} | {} | {} | {} |\n", field.name, cell(type),
                      cell(default_text(field, at(owner, field.offset))), cell(limits_text(field.type)),
                      cell(help));
}

void Page::section(const Section& section, const void* defaults, const std::string& path,
                   const std::string& heading, const std::string& about) {
  const Node values = write_settings(section, defaults);
  const auto earlier = std::find_if(printed_.begin(), printed_.end(), [&](const Printed& one) {
    return one.section == &section && same_content(one.defaults, values);
  });
  if (earlier != printed_.end() && earlier->heading == heading) return;  // below two alternatives alike
  if (!heading.empty()) text_ += str_format("\n## {}\n", heading);
  if (!about.empty()) text_ += str_format("\n{}\n", about);
  if (!section.about.empty() && section.about != about) text_ += str_format("\n{}\n", section.about);
  if (earlier != printed_.end()) {
    text_ += str_format("\nThe same keys as {}.\n", link(earlier->heading));
    return;
  }
  printed_.push_back({&section, values, heading});
  if (section.fields.empty()) {
    text_ += "\nNo settings.\n";
    return;
  }
  if (const Field* direct = section.direct())
    text_ += str_format("\nMay be written as the value of `{}` alone.\n", direct->name);
  text_ += "\n| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n";
  for (const Field& field : section.fields) {
    if (!field.hidden) row(field, defaults, path);
  }
  for (const Field& field : section.fields) {
    if (!field.hidden) below(field.type, at(defaults, field.offset), join_path(path, field.name));
  }
}

void Page::below(const Type& type, const void* value, const std::string& path) {
  switch (type.kind) {
    case Kind::kSection:
      return section(type.section(), value, path, path, "");
    case Kind::kChoice:
      return alternatives(*type.choice, value, path, false);
    case Kind::kOptional:
    case Kind::kList:
    case Kind::kMap: {
      const Type& element = *type.element;
      if (type.kind == Kind::kList && element.kind == Kind::kChoice) {
        return alternatives(*element.choice, nullptr, path, true);
      }
      return below(element, element.kind == Kind::kSection ? element.section().defaults.get() : nullptr,
                   path);
    }
    default:
      return;
  }
}

void Page::alternatives(const Choice& choice, const void* value, const std::string& path, bool in_list) {
  if (in_list) {
    const auto [earlier, is_new] = item_headings_.emplace(choice.index, path);
    if (!is_new) {
      text_ += str_format("\n## {}\n\nThe same items as {}.\n", path, link(earlier->second));
      return;
    }
  }
  text_ += str_format("\n## {}\n", path);
  if (!choice.about.empty()) text_ += str_format("\n{}\n", choice.about);
  std::vector<std::string> names;
  for (const std::string& name : choice.names()) names.push_back(link(path + " " + name));
  if (in_list) {
    text_ += str_format("\nEach item is {}.\n", join_or(names));
  } else if (choice.compact) {
    text_ += str_format("\nA name alone, or one name with its settings below it: {}.\n", join_or(names));
  } else {
    text_ += str_format("\n`{}` is {}.\n", choice.key, join_or(names));
  }
  for (size_t i = 0; i < choice.alternatives.size(); ++i) {
    const Alternative& alternative = choice.alternatives[i];
    section(alternative.section(), choice.defaults(i, value),
            choice.compact ? join_path(path, alternative.name) : path,
            str_format("{} {}", path, alternative.name), alternative.help);
  }
}

}  // namespace

std::string reference_text(const Section& root, const std::string& title) {
  Page page(title);
  page.section(root, root.defaults.get(), "", "", root.about);
  return std::move(page).text();
}

}  // namespace echelon::config
