// Tables and facts for people, as text and as HTML.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace echelon::plan {

struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< cells by column
  std::vector<size_t> left_columns;            ///< not to be aligned to the right

  bool is_left(size_t column) const;
};

/// Aligned, under its title, two columns between; ends in a new line.
std::string to_text(const Table& table);
std::string to_html(const Table& table);

/// Three significant digits without a unit, for columns: "0.0123", "12.3", "1230".
std::string milliseconds(double seconds);
/// With a unit: "12.3 ms", "85.0 µs", "1.25 s".
std::string short_seconds(double seconds);
/// "6.41", "1.80 k".
std::string rate_text(double rate);
std::string bytes_text(int64_t bytes);
std::string percent(double share);

}  // namespace echelon::plan
