#include "config/problems.h"

#include <algorithm>
#include <tuple>

#include "common/format.h"

namespace echelon::config {

std::string Location::text() const {
  if (source == nullptr) return "configuration";
  return source->command_line || line == 0 ? source->name
                                           : str_format("{}:{}:{}", source->name, line, column);
}

void Problems::add(const Location& where, std::string_view path, std::string_view message) {
  if (full()) return;
  list_.push_back({where, path.empty() ? std::string(message) : str_format("{}: {}", path, message)});
}

std::string Problems::text() const {
  std::vector<Problem> sorted = list_;
  const auto position = [](const Problem& p) {
    return std::tuple(p.where.source ? p.where.source->order : 0, p.where.line, p.where.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Problem& a, const Problem& b) { return position(a) < position(b); });
  std::vector<std::string> lines;
  for (const Problem& problem : sorted) {
    std::string line = str_format("{}: {}", problem.where.text(), problem.message);
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
  }
  if (full()) lines.push_back(str_format("more than {} problems; the rest is not shown", kMost - 1));
  return join(lines, "\n");
}

void Problems::throw_if_any() const {
  if (!empty()) throw ConfigError(text());
}

std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string result = "'";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (i >= kLongest && (byte & 0xC0) != 0x80) return result + "…'";  // never within a UTF-8 sequence
    if (byte == '\n') {
      result += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      result += str_format("\\x{:02x}", byte);
    } else {
      result += text[i];
    }
  }
  return result + "'";
}

}  // namespace echelon::config
