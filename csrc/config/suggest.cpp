#include "config/suggest.h"

#include <algorithm>

#include "common/format.h"
#include "config/node.h"

namespace echelon::config {
namespace {

// Collects the places, other than `here`, whose section has a field `key`.
class Search {
 public:
  Search(const Section& here, const std::string& key) : here_(here), key_(key) {}

  void visit(const Section& section, const std::string& path, const std::string& condition) {
    if (std::find(stack_.begin(), stack_.end(), &section) != stack_.end()) return;
    if (&section != &here_ && section.find(key_) != nullptr) {
      places.push_back(path.empty() ? "the top level" : str_format("'{}'{}", path, condition));
    }
    stack_.push_back(&section);
    for (const Field& field : section.fields) visit(leaf_type(field.type), join_path(path, field.name));
    stack_.pop_back();
  }

  std::vector<std::string> places;

 private:
  void visit(const Type& type, const std::string& path) {
    if (type.kind == Kind::kSection) visit(type.section(), path, "");
    if (type.kind != Kind::kChoice) return;
    const Choice& choice = *type.choice;
    for (const Alternative& alternative : choice.alternatives) {
      if (choice.compact) {
        visit(alternative.section(), join_path(path, alternative.name), "");
      } else {
        visit(alternative.section(), path, str_format(" with {}: {}", choice.key, alternative.name));
      }
    }
  }

  const Section& here_;
  const std::string& key_;
  std::vector<const Section*> stack_;
};

}  // namespace

std::string not_possible(std::string_view name, std::span<const std::string> allowed) {
  const std::string near = nearest_name(name, allowed);
  return str_format("{} is not possible{}; allowed: {}", in_quotes(name),
                    near.empty() ? "" : str_format("; did you mean '{}'", near), join_or(allowed));
}

std::string unknown_key(const Section& root, const Section& section, std::string_view path,
                        const std::string& key) {
  constexpr size_t kMostPlaces = 2;
  const std::string start = str_format("unknown key {}", in_quotes(key));
  std::vector<std::string> names;
  for (const Field& field : section.fields) {
    if (!field.hidden) names.push_back(field.name);
  }
  const std::string near = nearest_name(key, names);
  Search search(section, key);
  search.visit(root, "", "");
  if (!search.places.empty() && search.places.size() <= kMostPlaces) {
    return str_format("{}; it belongs to {}", start, join_or(search.places));
  }
  if (!near.empty()) return str_format("{}; did you mean '{}'?", start, near);
  if (names.empty()) return str_format("{}; nothing can be set here", start);
  return str_format("{}; allowed: {}", start, join_or(names));
}

}  // namespace echelon::config
