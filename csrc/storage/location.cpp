#include "storage/location.h"

#include <algorithm>
#include <vector>

#include "common/error.h"
#include "common/format.h"

namespace echelon::storage {
namespace {

struct SchemeName {
  std::string_view prefix;
  Scheme scheme;
};
constexpr SchemeName kRemote[] = {
    {"s3://", Scheme::kS3}, {"gs://", Scheme::kGoogle}, {"gcs://", Scheme::kGoogle}};
constexpr std::string_view kFile = "file://";
constexpr std::string_view kSchemeLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-";

const std::vector<std::string>& option_names(Scheme scheme) {
  static const std::vector<std::string> s3 = {"anonymous", "endpoint_override", "force_virtual_addressing",
                                              "region", "scheme"};
  static const std::vector<std::string> google = {"anonymous", "endpoint_override", "project_id", "scheme"};
  return scheme == Scheme::kS3 ? s3 : google;
}

[[noreturn]] void fail(std::string_view text, std::string_view problem) {
  throw DataError(str_format("\"{}\": {}", text, problem));
}

/// Where the options begin; npos when there are none. An option's name is never part of a wildcard: those are
/// followed by letters of the key, not by `=`.
size_t find_options(std::string_view text) {
  for (size_t at = text.find('?'); at != text.npos; at = text.find('?', at + 1)) {
    const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at + 1);
    if (end != text.npos && end > at + 1 && text[end] == '=') return at;
  }
  return text.npos;
}

void add_option(std::string_view text, std::string_view option, Location& location) {
  const size_t equals = option.find('=');
  if (equals == option.npos) fail(text, str_format("the option \"{}\" has no value", option));
  const std::string name(option.substr(0, equals));
  const std::vector<std::string>& known = option_names(location.scheme);
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    const std::string nearest = nearest_name(name, known);
    fail(text, str_format("unknown option \"{}\"; {}", name,
                          nearest.empty() ? "there are " + join_or(known)
                                          : str_format("did you mean \"{}\"?", nearest)));
  }
  location.options[name] = std::string(option.substr(equals + 1));
}

Location parse_remote(std::string_view text, const SchemeName& name) {
  Location location{.scheme = name.scheme};
  const size_t options = find_options(text);
  location.path = std::string(text.substr(0, options).substr(name.prefix.size()));
  for (size_t at = options; at != text.npos;) {
    const size_t next = text.find('&', at + 1);
    add_option(text, text.substr(at + 1, next - at - 1), location);
    at = next;
  }
  const size_t slash = location.path.find('/');
  if (slash == 0 || location.path.empty())
    fail(text, str_format("names no bucket, as in {}bucket/key", name.prefix));
  return location;
}

}  // namespace

std::string Location::text() const {
  if (scheme == Scheme::kLocal) return path;
  std::string text = (scheme == Scheme::kS3 ? "s3://" : "gs://") + path;
  char separator = '?';
  for (const auto& [name, value] : options) {
    text += str_format("{}{}={}", separator, name, value);
    separator = '&';
  }
  return text;
}

Location parse_location(std::string_view text) {
  for (const SchemeName& name : kRemote)
    if (text.starts_with(name.prefix)) return parse_remote(text, name);
  if (text.starts_with(kFile)) {
    const std::string_view path = text.substr(kFile.size());
    if (!path.starts_with('/')) fail(text, "a file:// location is an absolute path, as in file:///data/x");
    return {.path = std::string(path)};
  }
  const size_t colon = text.find("://");
  if (colon != text.npos && colon > 0 && text.find_first_not_of(kSchemeLetters) == colon)
    fail(text, "unknown kind of location; there are paths, file://, s3:// and gs://");
  return {.path = std::string(text)};
}

bool is_remote(std::string_view text) {
  return std::any_of(std::begin(kRemote), std::end(kRemote),
                     [&](const SchemeName& name) { return text.starts_with(name.prefix); });
}

std::string ending_of(std::string_view name) {
  const Location location = parse_location(name);
  std::string path = location.path.substr(location.path.rfind('/') + 1);
  std::transform(path.begin(), path.end(), path.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view packed : {".gz", ".zst", ".zstd"})
    if (path.ends_with(packed)) path.resize(path.size() - packed.size());
  const size_t dot = path.rfind('.');
  return dot == path.npos ? "" : path.substr(dot);
}

bool is_parquet_name(std::string_view name) {
  const std::string ending = ending_of(name);
  return ending == ".parquet" || ending == ".pq";
}

}  // namespace echelon::storage
