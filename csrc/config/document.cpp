#include "config/document.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "common/file.h"
#include "common/format.h"
#include "config/merge.h"
#include "config/parse.h"
#include "config/substitute.h"

namespace echelon::config {
namespace {

constexpr int kMostIncludes =
    50;  // a file that includes itself twice through others would double at every level

class Loader {
 public:
  Loader(const Type& type, Problems& problems) : type_(type), problems_(problems) {}

  std::optional<Node> load_file(const fs::path& path, const Location* included_at);
  std::optional<Node> load_text(std::string_view text, const SourcePtr& source);
  void apply(Node& root, const std::string& override_text);
  SourcePtr add_source(std::string name, fs::path folder) {
    return std::make_shared<Source>(Source{std::move(name), std::move(folder), sources_++, false});
  }

 private:
  std::optional<std::string> read(const fs::path& path, const Location& where);
  std::optional<Node> with_includes(Node root);
  std::optional<Node> include_one(const Node& name);

  const Type& type_;
  Problems& problems_;
  Budget budget_;
  std::vector<fs::path> open_files_;  // from the main file down to the one being read
  int sources_ = 0;
};

std::string why_unreadable(const fs::path& path, size_t most_bytes) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return "there is no such file";
  if (fs::is_directory(status)) return "it is a folder";
  if (!fs::is_regular_file(status)) return "it is not a regular file";
  const auto size = static_cast<double>(fs::file_size(path, error));
  if (error) return error.message();
  if (size <= static_cast<double>(most_bytes)) return "";
  return str_format("its {} are too many for a configuration; at most {}, included files together",
                    human_bytes(size), human_bytes(Budget::kMostBytes));
}

std::optional<std::string> Loader::read(const fs::path& path, const Location& where) {
  std::string why = why_unreadable(path, Budget::kMostBytes - budget_.bytes);
  if (why.empty()) {
    try {
      std::string text = read_file(path);
      budget_.bytes += text.size();
      return text;
    } catch (const Error& failure) {
      why = failure.what();
    }
  }
  problems_.add(
      where, "",
      where.line == 0 ? "cannot be read: " + why : str_format("cannot read {}: {}", path.string(), why));
  return std::nullopt;
}

std::optional<Node> Loader::load_file(const fs::path& path, const Location* included_at) {
  const SourcePtr source = add_source(path.string(), path.parent_path());
  const auto text = read(path, included_at == nullptr ? Location{source, 0, 0} : *included_at);
  if (!text) return std::nullopt;
  open_files_.push_back(fs::weakly_canonical(path));
  auto root = load_text(*text, source);
  open_files_.pop_back();
  return root;
}

std::optional<Node> Loader::load_text(std::string_view text, const SourcePtr& source) {
  auto root = parse_yaml(text, source, budget_, problems_);
  if (!root) return std::nullopt;
  if (root->is_null()) {
    root = map_node();
    root->where = {source};
  }
  if (!root->is_map()) {
    problems_.add(
        root->where, "",
        str_format("a configuration consists of 'key: value' lines, not of {}", describe_node(*root)));
    return std::nullopt;
  }
  substitute_environment(*root, problems_);
  return with_includes(std::move(*root));
}

std::optional<Node> Loader::with_includes(Node root) {
  const auto include = std::find_if(root.entries.begin(), root.entries.end(),
                                    [](const Entry& entry) { return entry.key == "include"; });
  if (include == root.entries.end()) return root;
  const Node names = std::move(include->value);
  root.entries.erase(include);
  Node base = map_node();
  base.where = root.where;
  bool sound = true;
  const auto add = [&](const Node& name) {
    if (auto included = include_one(name)) {
      merge_over(base, std::move(*included), &type_);
    } else {
      sound = false;
    }
  };
  if (names.is_list()) {
    for (const Node& name : names.items) add(name);
  } else {
    add(names);
  }
  if (!sound) return std::nullopt;
  merge_over(base, std::move(root), &type_);
  return base;
}

std::optional<Node> Loader::include_one(const Node& name) {
  if (name.is_broken()) return std::nullopt;
  if (!name.is_scalar() || name.scalar.empty()) {
    problems_.add(name.where, "include", "expected the path of a file, found " + describe_node(name));
    return std::nullopt;
  }
  const fs::path path = (name.where.source->folder / name.scalar).lexically_normal();
  if (std::find(open_files_.begin(), open_files_.end(), fs::weakly_canonical(path)) != open_files_.end()) {
    problems_.add(name.where, "include", str_format("{} includes itself", path.string()));
    return std::nullopt;
  }
  if (sources_ > kMostIncludes) {
    problems_.add(name.where, "include", str_format("more than {} files included", kMostIncludes));
    return std::nullopt;
  }
  return load_file(path, &name.where);
}

// Everything on the command line is in one place.
void move_to(Node& node, const Location& where) {
  node.where = where;
  if (node.style == Node::Style::kPlain) node.style = Node::Style::kSubstituted;
  for (Node& item : node.items) move_to(item, where);
  for (Entry& entry : node.entries) {
    entry.where = where;
    move_to(entry.value, where);
  }
}

void Loader::apply(Node& root, const std::string& override_text) {
  Source source{"command line: " + override_text, "", sources_++, true};
  const Location where{std::make_shared<Source>(std::move(source))};
  const size_t split = override_text.find('=');
  if (split == 0 || split == std::string::npos) {
    problems_.add(where, "", "expected key.path=value");
    return;
  }
  const std::string path = override_text.substr(0, split);
  auto value =
      parse_yaml(std::string_view(override_text).substr(split + 1), where.source, budget_, problems_);
  if (!value) return;
  move_to(*value, where);
  substitute_environment(*value, problems_);
  const std::string failure = path == "include" || path.starts_with("include.")
                                  ? "include belongs into a file"
                                  : set_at(root, path, std::move(*value), &type_);
  if (!failure.empty()) problems_.add(where, "", failure);
}

Node finish(Loader& loader, Node root, std::span<const std::string> overrides) {
  for (const std::string& text : overrides) loader.apply(root, text);
  root.where = {root.where.source};
  return root;
}

}  // namespace

std::optional<Node> load_document(const fs::path& path, std::span<const std::string> overrides,
                                  const Type& type, Problems& problems) {
  Loader loader(type, problems);
  auto root = loader.load_file(path, nullptr);
  if (!root) return std::nullopt;
  return finish(loader, std::move(*root), overrides);
}

std::optional<Node> parse_document(std::string_view text, const std::string& name,
                                   std::span<const std::string> overrides, const Type& type,
                                   Problems& problems) {
  Loader loader(type, problems);
  auto root = loader.load_text(text, loader.add_source(name, fs::path(name).parent_path()));
  if (!root) return std::nullopt;
  return finish(loader, std::move(*root), overrides);
}

std::vector<std::string> top_level_keys(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(Budget::kMostBytes, '\0');
  text.resize(static_cast<size_t>(file.read(text.data(), Budget::kMostBytes).gcount()));
  Budget budget;
  Problems problems;
  const auto root = parse_yaml(text, std::make_shared<Source>(), budget, problems);
  std::vector<std::string> keys;
  if (root && root->is_map())
    for (const Entry& entry : root->entries) keys.push_back(entry.key);
  return keys;
}

}  // namespace echelon::config
