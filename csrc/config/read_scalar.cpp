#include "config/read_scalar.h"

#include <glob.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "config/fields.h"
#include "config/scalar.h"
#include "config/suggest.h"

namespace echelon::config {
namespace {

bool one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string expected(std::string_view what, const Node& node, std::string_view advice = "") {
  return str_format("expected {}, found {}{}{}", what, describe_node(node), advice.empty() ? "" : "; ",
                    advice);
}

std::string read_bool(const Node& node, void* out) {
  if (node.style != Node::Style::kQuoted && (node.scalar == "true" || node.scalar == "false")) {
    *static_cast<bool*>(out) = node.scalar == "true";
    return "";
  }
  const bool yes =
      one_of(node.scalar, {"yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE", "y", "Y", "1", "true"});
  const bool no =
      one_of(node.scalar, {"no", "No", "NO", "off", "Off", "OFF", "False", "FALSE", "n", "N", "0", "false"});
  return expected("true or false", node, yes ? "write true" : no ? "write false" : "");
}

// "write 64000" for 64e3, 64_000 or "64000".
std::string integer_advice(const Node& node) {
  std::string digits = node.scalar;
  std::erase(digits, '_');
  std::erase(digits, ',');
  const auto number = to_number(digits);
  if (!number || *number != std::floor(*number) || std::abs(*number) > 9e15) return "";
  const auto whole = static_cast<int64_t>(*number);
  return node.style == Node::Style::kQuoted ? str_format("write {} without quotes", whole)
                                            : str_format("write {}", whole);
}

// Empty, or the bound that `value` breaks.
std::string broken_limit(const Limits& limits, double value, const std::string& shown) {
  const auto broken = [&](const char* rule, double bound) {
    return str_format("must be {} {}, is {}", rule, number_text(bound), shown);
  };
  if (limits.above && !(value > *limits.above)) return broken("above", *limits.above);
  if (limits.at_least && !(value >= *limits.at_least)) return broken("at least", *limits.at_least);
  if (limits.below && !(value < *limits.below)) return broken("below", *limits.below);
  if (limits.at_most && !(value <= *limits.at_most)) return broken("at most", *limits.at_most);
  const auto& allowed = limits.numbers;
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return "";
  std::vector<std::string> names;
  for (const double number : allowed) names.push_back(number_text(number));
  return str_format("{} is not possible; allowed: {}", shown, join_or(names));
}

std::string read_integer(const Type& type, const Node& node, void* out) {
  const auto value = node.style == Node::Style::kQuoted ? std::nullopt : to_integer(node.scalar);
  const bool digits = node.scalar.find_first_not_of("+-0123456789") == std::string::npos;
  if (!value && digits && node.style != Node::Style::kQuoted && looks_like_number(node.scalar)) {
    return str_format("{} is too large for an integer of 64 bits", node.scalar);
  }
  if (!value) return expected("an integer", node, integer_advice(node));
  if (type.bytes == 4 && *value != static_cast<int32_t>(*value)) {
    return str_format("{} is too large for an integer of 32 bits", node.scalar);
  }
  std::string problem = broken_limit(type.limits, static_cast<double>(*value), node.scalar);
  if (problem.empty()) store_integer(out, type.bytes, *value);
  return problem;
}

std::string read_number(const Type& type, const Node& node, void* out) {
  const bool is_quoted = node.style == Node::Style::kQuoted;
  const auto value = is_quoted ? std::nullopt : to_number(node.scalar);
  if (!value)
    return expected("a number", node, is_quoted && to_number(node.scalar) ? "remove the quotes" : "");
  const bool fits =
      std::isfinite(*value) && (type.bytes == 8 || std::abs(*value) <= std::numeric_limits<float>::max());
  if (!fits && type.limits.finite) return str_format("must be a finite number, is {}", node.scalar);
  std::string problem = broken_limit(type.limits, *value, node.scalar);
  if (!problem.empty()) return problem;
  if (type.bytes == 8) {
    *static_cast<double*>(out) = *value;
  } else {
    *static_cast<float*>(out) = static_cast<float>(*value);
  }
  return "";
}

// A plain 2024 or true is no text for any other YAML reader, so it is none here.
std::string not_text(const Node& node) {
  if (node.style != Node::Style::kPlain) return "";
  if (!looks_like_number(node.scalar) && !looks_like_bool(node.scalar)) return "";
  return expected("text", node, str_format("write it in quotes: '{}'", node.scalar));
}

std::string not_among(const std::vector<std::string>& allowed, const Node& node) {
  const bool known = std::find(allowed.begin(), allowed.end(), node.scalar) != allowed.end();
  return known ? "" : not_possible(node.scalar, allowed);
}

std::string read_text(const Type& type, const Node& node, void* out) {
  std::string problem = not_text(node);
  if (problem.empty() && !type.limits.texts.empty()) problem = not_among(type.limits.texts, node);
  if (problem.empty()) *static_cast<std::string*>(out) = node.scalar;
  return problem;
}

std::string read_enum(const Type& type, const Node& node, void* out) {
  std::vector<std::string> names;
  for (const auto& [name, value] : type.names) names.push_back(name);
  std::string problem = not_among(names, node);
  for (const auto& [name, value] : type.names) {
    if (name == node.scalar) store_integer(out, type.bytes, value);
  }
  return problem;
}

bool is_there(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return true;
  if (path.find_first_of("*?[") == std::string::npos) return false;
  glob_t matches{};
  const bool any = ::glob(path.c_str(), GLOB_NOSORT, nullptr, &matches) == 0;
  ::globfree(&matches);
  return any;
}

std::string read_path(const Type& type, const Node& node, void* out, InputFiles files) {
  std::string problem = not_text(node);
  if (!problem.empty()) return problem;
  if (node.scalar.empty()) return "expected a path, found an empty text";
  std::string path = node.scalar;
  if (path.find("://") == std::string::npos) {
    const auto& folder = node.where.source ? node.where.source->folder : std::filesystem::path();
    path = std::filesystem::absolute(folder / path).lexically_normal().string();
    if (files == InputFiles::kMustExist && type.limits.must_exist && !is_there(path)) {
      return str_format("there is no {}{}", in_quotes(node.scalar),
                        path == node.scalar ? "" : str_format(" ({})", path));
    }
  }
  static_cast<InputPath*>(out)->path = path;
  return "";
}

}  // namespace

int64_t load_integer(const void* from, int bytes) {
  const auto load = [&](auto value) {
    std::memcpy(&value, from, sizeof value);
    return static_cast<int64_t>(value);
  };
  return bytes == 1   ? load(int8_t{})
         : bytes == 2 ? load(int16_t{})
         : bytes == 4 ? load(int32_t{})
                      : load(int64_t{});
}

void store_integer(void* to, int bytes, int64_t value) {
  const auto store = [&](auto narrow) { std::memcpy(to, &narrow, sizeof narrow); };
  if (bytes == 1) return store(static_cast<int8_t>(value));
  if (bytes == 2) return store(static_cast<int16_t>(value));
  if (bytes == 4) return store(static_cast<int32_t>(value));
  store(value);
}

std::string read_scalar(const Type& type, const Node& node, void* out, InputFiles files) {
  const bool is_list_or_map = node.is_list() || node.is_map();
  if (is_list_or_map || node.is_null()) {
    const char* what = type.kind == Kind::kBool      ? "true or false"
                       : type.kind == Kind::kInteger ? "an integer"
                       : type.kind == Kind::kNumber  ? "a number"
                       : type.kind == Kind::kPath    ? "a path"
                                                     : "text";
    return expected(what, node);
  }
  switch (type.kind) {
    case Kind::kBool:
      return read_bool(node, out);
    case Kind::kInteger:
      return read_integer(type, node, out);
    case Kind::kNumber:
      return read_number(type, node, out);
    case Kind::kEnum:
      return read_enum(type, node, out);
    case Kind::kPath:
      return read_path(type, node, out, files);
    default:
      return read_text(type, node, out);
  }
}

}  // namespace echelon::config
