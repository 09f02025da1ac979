// Reading and writing configurations. Structs are declared as config/fields.h shows.
//
//   auto loaded = config::load<TrainSettings>("train.yaml", {"optimizer.lr=1e-3"});
//   train(loaded.value);
//   throw loaded.error("data.train", "holds 12 samples, fewer than one global batch");   // train.yaml:7:3:
//   data.train: …
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/changes.h"
#include "config/document.h"
#include "config/fields.h"
#include "config/json_schema.h"
#include "config/read.h"
#include "config/reference.h"
#include "config/write.h"

namespace echelon::config {

/// Where the values of a configuration were written.
class Origin {
 public:
  explicit Origin(Node root) : root_(std::move(root)) {}
  /// "train.yaml:7:3" of the key at `path` ("optimizer.lr", "layers.0.units"), or of the nearest section
  /// around it that is written; "command line: …" for a value from there.
  std::string where(std::string_view path) const { return locate(root_, root_.where, path).where.text(); }
  bool is_set(std::string_view path) const { return locate(root_, root_.where, path).node != nullptr; }
  /// A problem that showed only later, at its place: "train.yaml:7:3: optimizer.lr: <message>".
  ConfigError error(std::string_view path, std::string_view message) const;

 private:
  Node root_;
};

template <class T>
struct Loaded : Origin {
  T value;
};

namespace detail {

/// Reads the document into `value`; throws ConfigError with everything that is wrong with it.
Node load_into(const std::filesystem::path& path, std::span<const std::string> overrides, const Type& type,
               void* value, InputFiles files);
Node parse_into(std::string_view text, const std::string& name, std::span<const std::string> overrides,
                const Type& type, void* value, InputFiles files);

}  // namespace detail

/// Reads a configuration file, the files it includes, and `key.path=value` overrides. Throws ConfigError with
/// all problems, one a line, by position.
template <class T>
Loaded<T> load(const std::filesystem::path& path, const std::vector<std::string>& overrides = {},
               InputFiles files = InputFiles::kMustExist) {
  T value{};
  Node root = detail::load_into(path, overrides, detail::section_type<T>(), &value, files);
  return {Origin(std::move(root)), std::move(value)};
}

/// The same for text in memory.
template <class T>
T parse(std::string_view text, const std::string& name = "config.yaml",
        const std::vector<std::string>& overrides = {}, InputFiles files = InputFiles::kMustExist) {
  T value{};
  detail::parse_into(text, name, overrides, detail::section_type<T>(), &value, files);
  return value;
}

/// The configuration with every field; loading it gives an equal value.
template <class T>
std::string to_yaml(const T& value) {
  return to_yaml_text(write_settings(section_of<T>(), &value));
}

/// The settings that differ from their defaults, one line each: "optimizer.lr: 0.001".
template <class T>
std::vector<std::string> changed_settings(const T& value) {
  return changed_lines(section_of<T>(), &value);
}

/// JSON Schema, draft-07, for an editor's YAML support.
template <class T>
std::string json_schema(const std::string& title) {
  return json_schema_text(section_of<T>(), title);
}

/// The reference page, in Markdown.
template <class T>
std::string reference(const std::string& title) {
  return reference_text(section_of<T>(), title);
}

}  // namespace echelon::config
