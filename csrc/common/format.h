// Text: fmt, and the few renderings that messages share.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace echelon {

using fmt::format;

/// "1.50 GiB", "320 KiB", "17 B".
std::string human_bytes(double bytes);

/// "1.24 M", "10.8 k", "312": decimal prefixes, three significant digits.
std::string human_count(double count);

/// "1 h 02 m", "3 m 20 s", "12.4 s", "35 ms".
std::string human_seconds(double seconds);

/// The candidate nearest to `word` by edit distance (insert, delete, replace, swap of neighbours; upper and lower
/// case alike), or empty when none is near enough to be a likely slip: distance at most a third of the longer length.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

/// "a, b or c".
std::string join_or(std::span<const std::string> items);

}  // namespace echelon
