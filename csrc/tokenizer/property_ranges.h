// Where PCRE2 follows another version of Unicode than the reference's patterns.
#pragma once

#include <string>
#include <string_view>

namespace echelon::tokenizer {

/// What to write inside a class of a PCRE2 pattern for the code points of a general category ("L", "Lu"): the
/// category, and the ranges that this PCRE2 does not know to belong to it. Thread-safe. What only a newer
/// PCRE2 counts in stays in. For other names (scripts) the name alone.
std::string property_in_class(std::string_view name);

}  // namespace echelon::tokenizer
