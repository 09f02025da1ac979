#include "plan/table.h"

#include <algorithm>
#include <cmath>

#include "common/format.h"
#include "common/markup.h"

namespace echelon::plan {
namespace {

/// Characters, not bytes, of UTF-8.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, size_t width, bool left) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return left ? text + space : space + text;
}

std::string line(const Table& table, const std::vector<std::string>& cells,
                 const std::vector<size_t>& widths) {
  std::string text = "  ";
  for (size_t i = 0; i < cells.size(); ++i)
    text += (i == 0 ? "" : "  ") + padded(cells[i], widths[i], table.is_left(i));
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string html_row(const Table& table, const std::vector<std::string>& cells, const char* element) {
  std::string text = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    text += str_format("<{0}{1}>{2}</{0}>", element, table.is_left(i) ? " class=\"left\"" : "",
                       escape_markup(cells[i]));
  }
  return text + "</tr>\n";
}

/// Three significant digits, never with an exponent.
std::string three_digits(double value) {
  if (value == 0) return "0";
  const int decimals = 2 - static_cast<int>(std::floor(std::log10(std::abs(value))));
  return str_format("{:.{}f}", value, std::clamp(decimals, 0, 6));
}

}  // namespace

bool Table::is_left(size_t column) const {
  return std::ranges::count(left_columns, column) > 0;
}

std::string to_text(const Table& table) {
  std::vector<size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(width_of(column));
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text = table.title + "\n" + line(table, table.columns, widths);
  for (const auto& row : table.rows) text += line(table, row, widths);
  return text;
}

std::string to_html(const Table& table) {
  std::string text = str_format("<h2>{}</h2>\n<table>\n", escape_markup(table.title));
  text += html_row(table, table.columns, "th");
  for (const auto& row : table.rows) text += html_row(table, row, "td");
  return text + "</table>\n";
}

std::string milliseconds(double seconds) {
  return three_digits(seconds * 1e3);
}

std::string short_seconds(double seconds) {
  if (seconds < 1e-3) return three_digits(seconds * 1e6) + " µs";
  if (seconds < 1) return three_digits(seconds * 1e3) + " ms";
  return three_digits(seconds) + " s";
}

std::string rate_text(double rate) {
  return rate < 1000 ? three_digits(rate) : human_count(rate);
}

std::string bytes_text(int64_t bytes) {
  return bytes == 0 ? "0" : human_bytes(static_cast<double>(bytes));
}

std::string percent(double share) {
  return str_format("{:.1f} %", 100 * share);
}

}  // namespace echelon::plan
