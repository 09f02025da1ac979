// What a plain YAML scalar is, after the core schema of YAML 1.2.2, section 10.3.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace echelon::config {

bool looks_like_null(std::string_view text);
bool looks_like_bool(std::string_view text);
bool looks_like_number(std::string_view text);

/// Decimal digits with an optional sign; nothing when it is no such integer or does not fit.
std::optional<int64_t> to_integer(std::string_view text);

/// A decimal integer or floating point number, .inf or .nan; nothing when it is none. Beyond the range of
/// double: inf.
std::optional<double> to_number(std::string_view text);

/// The shortest text that reads back as the same number.
std::string number_text(double value);
std::string number_text(float value);

}  // namespace echelon::config
