#include "config/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "common/format.h"

namespace echelon::config {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

size_t count_digits(std::string_view text) {
  const size_t end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? text.size() : end;
}

bool is_integer(std::string_view text) {
  text = without_sign(text);
  return !text.empty() && count_digits(text) == text.size();
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
  text = without_sign(text);
  const size_t whole = count_digits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = count_digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  return (text[0] == 'e' || text[0] == 'E') && is_integer(text.substr(1));
}

bool is_based(std::string_view text) {
  if (text.size() < 3 || text[0] != '0') return false;
  const char* digits = text[1] == 'x' ? "0123456789abcdefABCDEF" : text[1] == 'o' ? "01234567" : "";
  return text.substr(2).find_first_not_of(digits) == std::string_view::npos;
}

bool is_infinity(std::string_view text) {
  return one_of(without_sign(text), {".inf", ".Inf", ".INF"});
}

bool is_nan(std::string_view text) {
  return one_of(text, {".nan", ".NaN", ".NAN"});
}

template <class T>
std::string shortest(T value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  return str_format("{}", value);
}

}  // namespace

bool looks_like_null(std::string_view text) {
  return one_of(text, {"", "~", "null", "Null", "NULL"});
}

bool looks_like_bool(std::string_view text) {
  return one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"});
}

bool looks_like_number(std::string_view text) {
  return is_decimal(text) || is_based(text) || is_infinity(text) || is_nan(text);
}

std::optional<int64_t> to_integer(std::string_view text) {
  if (!is_integer(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::optional<double> to_number(std::string_view text) {
  if (is_nan(text)) return std::numeric_limits<double>::quiet_NaN();
  const double sign = !text.empty() && text[0] == '-' ? -1 : 1;
  if (is_infinity(text)) return sign * std::numeric_limits<double>::infinity();
  if (!is_decimal(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too small is zero for every purpose here; too large must not pass for a finite number.
    const size_t exponent = text.find_first_of("eE");
    const bool small = exponent != std::string_view::npos && text[exponent + 1] == '-';
    return small ? 0 : sign * std::numeric_limits<double>::infinity();
  }
  return value;
}

std::string number_text(double value) {
  return shortest(value);
}
std::string number_text(float value) {
  return shortest(value);
}

}  // namespace echelon::config
