#include "config/config.h"

namespace echelon::config {

ConfigError Origin::error(std::string_view path, std::string_view message) const {
  Problems problems;
  problems.add(locate(root_, root_.where, path).where, path, message);
  return ConfigError(problems.text());
}

namespace detail {
namespace {

Node read_into(std::optional<Node> root, const Type& type, void* value, Problems& problems,
               InputFiles files) {
  if (root) read_settings(type.section(), *root, value, problems, files);
  problems.throw_if_any();
  return std::move(*root);
}

}  // namespace

Node load_into(const std::filesystem::path& path, std::span<const std::string> overrides, const Type& type,
               void* value, InputFiles files) {
  Problems problems;
  return read_into(load_document(path, overrides, type, problems), type, value, problems, files);
}

Node parse_into(std::string_view text, const std::string& name, std::span<const std::string> overrides,
                const Type& type, void* value, InputFiles files) {
  Problems problems;
  return read_into(parse_document(text, name, overrides, type, problems), type, value, problems, files);
}

}  // namespace detail
}  // namespace echelon::config
