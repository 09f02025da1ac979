#define FMT_HEADER_ONLY  // here, and nowhere else
#include <fmt/format.h>

#include "common/format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <vector>

namespace echelon {

std::string str_vformat(fmt::string_view pattern, fmt::format_args args) {
  return fmt::vformat(pattern, args);
}

std::string format_shape(std::span<const int64_t> shape) {
  return str_format("[{}]", join(shape));
}

namespace {

std::string scaled(double value, double base, std::span<const char* const> units) {
  size_t unit = 0;
  while (std::abs(value) >= base && unit + 1 < units.size()) value /= base, ++unit;
  const int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return str_format("{:.{}f} {}", value, decimals, units[unit]);
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Damerau-Levenshtein distance, restricted form (optimal string alignment).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string human_bytes(double bytes) {
  static constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  return scaled(bytes, 1024, units);
}

std::string human_count(double count) {
  static constexpr std::array units = {"", "k", "M", "G", "T"};
  std::string text = scaled(count, 1000, units);
  if (text.back() == ' ') text.pop_back();
  return text;
}

std::string human_seconds(double seconds) {
  if (seconds < 1) return str_format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return str_format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return str_format("{} m {:02} s", whole / 60, whole % 60);
  return str_format("{} h {:02} m", whole / 3600, whole / 60 % 60);
}

std::string nearest_name(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t kLongest = 64;  // the distance is quadratic in the length, and a name is never longer
  if (word.size() > kLongest) return "";
  std::string best;
  size_t best_distance = SIZE_MAX;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    const size_t allowed = std::max<size_t>(1, std::max(word.size(), candidate.size()) / 3);
    if (distance <= allowed && distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

std::string join_or(std::span<const std::string> items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " or " : ", ";
    text += items[i];
  }
  return text;
}

}  // namespace echelon
