#include "config/substitute.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "common/format.h"
#include "config/encoding.h"
#include "config/parse.h"

namespace echelon::config {
namespace {

bool is_name(std::string_view text) {
  const auto word = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), word);
}

// The value of "NAME" or "NAME:-default"; a problem when there is none.
std::optional<std::string> look_up(std::string_view reference, const Node& node, Problems& problems) {
  const size_t split = reference.find(":-");
  const std::string name(reference.substr(0, split));
  if (!is_name(name)) {
    problems.add(node.where, "",
                 str_format("{} is no environment variable; write '$$' for a plain '$'",
                            in_quotes(str_format("${{{}}}", reference))));
    return std::nullopt;
  }
  if (const char* value = std::getenv(name.c_str())) {
    if (!find_bad_character(value)) return value;
    problems.add(node.where, "", str_format("environment variable {} is not plain UTF-8 text", name));
    return std::nullopt;
  }
  if (split != std::string_view::npos) return std::string(reference.substr(split + 2));
  problems.add(node.where, "",
               str_format("environment variable {} is not set; set it, or give a default: ${{{}:-default}}",
                          name, name));
  return std::nullopt;
}

// `refers` becomes true when the text names a variable.
std::optional<std::string> expand(const Node& node, Problems& problems, bool& refers) {
  const std::string_view text = node.scalar;
  std::string result;
  for (size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "$$") {
      result += '$';
      i += 2;
    } else if (text.substr(i, 2) == "${") {
      refers = true;
      const size_t end = text.find('}', i);
      if (end == std::string_view::npos) {
        problems.add(node.where, "", "'${' without '}'; write '$$' for a plain '$'");
        return std::nullopt;
      }
      const auto value = look_up(text.substr(i + 2, end - i - 2), node, problems);
      if (!value) return std::nullopt;
      result += *value;
      i = end + 1;
      if (result.size() > Budget::kMostBytes) {
        problems.add(node.where, "", "longer than 1 MiB with its environment variables");
        return std::nullopt;
      }
    } else {
      result += text[i++];
    }
  }
  return result;
}

void substitute_scalar(Node& node, Problems& problems) {
  if (node.scalar.find('$') == std::string::npos) return;
  bool refers = false;
  const auto text = expand(node, problems, refers);
  node.kind = text ? Node::Kind::kScalar : Node::Kind::kBroken;
  if (!text) return;
  node.scalar = *text;
  // In quotes too: a flow style list or section needs them around the braces.
  if (refers) node.style = Node::Style::kSubstituted;
}

}  // namespace

void substitute_environment(Node& node, Problems& problems) {
  if (node.is_scalar()) substitute_scalar(node, problems);
  for (Node& item : node.items) substitute_environment(item, problems);
  for (Entry& entry : node.entries) substitute_environment(entry.value, problems);
}

}  // namespace echelon::config
