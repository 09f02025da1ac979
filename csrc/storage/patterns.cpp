#include "storage/patterns.h"

#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "common/error.h"
#include "common/format.h"

namespace echelon::storage {
namespace {

constexpr size_t kMaxFiles = 1'000'000;

[[noreturn]] void fail_to_match(const std::string& pattern, std::string_view problem) {
  throw NoMatchError(str_format("\"{}\": {}", pattern, problem));
}

[[noreturn]] void fail(const std::string& pattern, std::string_view problem) {
  throw DataError(str_format("\"{}\": {}", pattern, problem));
}

/// The end of the brace that opens at `open`, and the commas of its own level.
struct Brace {
  size_t close;
  std::vector<size_t> commas;
};

Brace find_brace(const std::string& pattern, size_t open) {
  Brace brace{};
  int depth = 0;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == ',' && depth == 1) brace.commas.push_back(i);
    if (pattern[i] == '}' && --depth == 0) {
      brace.close = i;
      return brace;
    }
  }
  fail(pattern, "a { without its }");
}

std::optional<int64_t> digits(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || text[0] == '-')
    return std::nullopt;
  return value;
}

std::vector<std::string> count(const std::string& pattern, std::string_view body) {
  const size_t dots = body.find("..");
  if (dots == body.npos) fail(pattern, "a brace holds neither a range like {000..004} nor a list like {a,b}");
  const std::string_view low = body.substr(0, dots), high = body.substr(dots + 2);
  const auto first = digits(low), last = digits(high);
  if (!first || !last) fail(pattern, "a brace range needs a whole number at both ends, like {000..004}");
  if (static_cast<size_t>(std::abs(*last - *first)) >= kMaxFiles)
    fail(pattern, "it names more than a million files");
  const size_t width = std::max(low.size(), high.size());
  const bool padded = (low.size() > 1 && low[0] == '0') || (high.size() > 1 && high[0] == '0');
  std::vector<std::string> values;
  for (int64_t value = *first;; value += *first <= *last ? 1 : -1) {
    values.push_back(padded ? str_format("{:0{}}", value, width) : str_format("{}", value));
    if (value == *last) return values;
  }
}

std::vector<std::string> alternatives(const std::string& pattern, size_t open, const Brace& brace) {
  if (brace.commas.empty())
    return count(pattern, std::string_view(pattern).substr(open + 1, brace.close - open - 1));
  std::vector<std::string> parts;
  size_t start = open + 1;
  for (const size_t comma : brace.commas) {
    parts.push_back(pattern.substr(start, comma - start));
    start = comma + 1;
  }
  parts.push_back(pattern.substr(start, brace.close - start));
  return parts;
}

void append_local(const std::string& pattern, std::vector<std::string>& paths) {
  if (!has_wildcards(pattern)) {
    std::error_code error;
    if (!std::filesystem::exists(pattern, error)) fail_to_match(pattern, "no such file");
    paths.push_back(pattern);
    return;
  }
  glob_t found{};
  const int status = ::glob(pattern.c_str(), 0, nullptr, &found);
  const std::vector<std::string> names(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status == GLOB_NOMATCH || names.empty()) fail_to_match(pattern, "matches no file");
  if (status != 0) fail(pattern, "cannot be looked up");
  const size_t start = paths.size();
  paths.insert(paths.end(), names.begin(), names.end());
  std::sort(paths.begin() + static_cast<int64_t>(start), paths.end());
}

/// Adds the objects below `folder` that match from the level of `pattern` that begins at `start`.
void match_levels(const FileSystem& store, const std::string& folder, const std::string& pattern,
                  size_t start, std::vector<std::string>& found) {
  const size_t end = std::min(pattern.find('/', start), pattern.size());
  const bool last = end == pattern.size();
  const std::string level = pattern.substr(start, end - start);
  if (!has_wildcards(level) && !last) {
    match_levels(store, folder + "/" + level, pattern, end + 1, found);
    return;
  }
  for (const FileInfo& entry : store.list(folder)) {
    if (last == entry.is_folder) continue;
    const std::string name = entry.path.substr(entry.path.rfind('/') + 1);
    if (::fnmatch(level.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    if (last) found.push_back(entry.path);
    if (!last) match_levels(store, entry.path, pattern, end + 1, found);
    if (found.size() > kMaxFiles) fail(pattern, "it names more than a million files");
  }
}

/// Answers whether objects exist: for many of one pattern by listing their folders, for few one by one.
class Objects {
 public:
  Objects(FileSystems& stores, bool many) : stores_(stores), many_(many) {}

  const FileSystem& store(const Location& location) { return stores_.of(location); }

  bool exists(const Location& location) {
    const size_t slash = location.path.rfind('/');
    if (!many_ || slash == std::string::npos) return store(location).find(location.path).has_value();
    const std::string folder = location.path.substr(0, slash);
    const auto [place, is_new] = listed_.try_emplace(location.with_path(folder).text());
    if (is_new)
      for (const FileInfo& entry : store(location).list(folder)) place->second.insert(entry.path);
    return place->second.contains(location.path);
  }

 private:
  FileSystems& stores_;
  bool many_;
  std::map<std::string, std::set<std::string>> listed_;
};

void append_remote(const Location& location, Objects& objects, std::vector<std::string>& paths) {
  if (!has_wildcards(location.path)) {
    if (!objects.exists(location)) fail_to_match(location.text(), "no such object");
    paths.push_back(location.text());
    return;
  }
  const size_t bucket = location.path.find('/');
  if (bucket == std::string::npos || has_wildcards(location.path.substr(0, bucket)))
    fail(location.text(), "a wildcard stands for keys, not for buckets");
  std::vector<std::string> found;
  match_levels(objects.store(location), location.path.substr(0, bucket), location.path, bucket + 1, found);
  if (found.empty()) fail_to_match(location.text(), "matches no object");
  std::sort(found.begin(), found.end());
  for (std::string& path : found) paths.push_back(location.with_path(std::move(path)).text());
}

constexpr size_t kManyNames = 8;

void append_matches(const std::string& pattern, FileSystems* stores, std::vector<std::string>& paths) {
  const std::vector<std::string> names = expand_braces(pattern);
  std::optional<Objects> objects;
  if (stores != nullptr) objects.emplace(*stores, names.size() > kManyNames);
  for (const std::string& name : names) {
    const Location location = parse_location(name);
    if (!location.remote()) {
      append_local(location.path, paths);
    } else if (objects) {
      append_remote(location, *objects, paths);
    } else {
      paths.push_back(location.text());
    }
  }
}

std::vector<std::string> expand(const std::vector<std::string>& patterns, FileSystems* stores) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    append_matches(pattern, stores, paths);
    if (paths.size() > kMaxFiles) fail(pattern, "it names more than a million files");
  }
  return paths;
}

}  // namespace

std::vector<std::string> expand_braces(const std::string& pattern) {
  const size_t open = pattern.find('{');
  if (open == pattern.npos) return {pattern};
  const Brace brace = find_brace(pattern, open);
  const std::string before = pattern.substr(0, open), after = pattern.substr(brace.close + 1);
  std::vector<std::string> results;
  for (const std::string& part : alternatives(pattern, open, brace)) {
    for (std::string& rest : expand_braces(part + after)) {
      results.push_back(before + rest);
      if (results.size() > kMaxFiles) fail(pattern, "it names more than a million files");
    }
  }
  return results;
}

std::vector<std::string> expand_patterns(const std::vector<std::string>& patterns, FileSystems& stores) {
  return expand(patterns, &stores);
}

std::vector<std::string> expand_patterns(const std::vector<std::string>& patterns) {
  return expand(patterns, nullptr);
}

bool has_wildcards(const std::string& path) {
  return path.find_first_of("*?[") != path.npos;
}

}  // namespace echelon::storage
