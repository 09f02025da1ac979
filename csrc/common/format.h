// Text: fmt's format strings, and the few renderings that messages share.
//
// fmt's code is compiled in format.cpp alone: header-only, it would cost three seconds in every file that
// formats.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace echelon {

std::string str_vformat(fmt::string_view pattern, fmt::format_args args);

/// fmt::format: the pattern is checked while compiling. For numbers, strings and pointers. Not called
/// `format`, because std::format is found beside that name through arguments of namespace std.
template <class... Args>
std::string str_format(fmt::format_string<Args...> pattern, Args&&... args) {
  return str_vformat(pattern, fmt::make_format_args(args...));
}

/// Each item as "{}" shows it, with `separator` between.
template <class Items>
std::string join(const Items& items, std::string_view separator = ", ") {
  std::string text;
  for (const auto& item : items) {
    if (&item != &*std::begin(items)) text += separator;
    text += str_format("{}", item);
  }
  return text;
}

/// "[2, 3]".
std::string format_shape(std::span<const int64_t> shape);

/// "1.50 GiB", "320 KiB", "17 B".
std::string human_bytes(double bytes);

/// "1.24 M", "10.8 k", "312": decimal prefixes, three significant digits.
std::string human_count(double count);

/// "1 h 02 m", "3 m 20 s", "12.4 s", "35 ms".
std::string human_seconds(double seconds);

/// The candidate nearest to `word` by edit distance (insert, delete, replace, swap of neighbours; upper and
/// lower case alike), or empty when none is near enough to be a likely slip: distance at most a third of the
/// longer length.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

/// "a, b or c".
std::string join_or(std::span<const std::string> items);

}  // namespace echelon
