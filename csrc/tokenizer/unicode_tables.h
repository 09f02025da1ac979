// What the reference believes of code points, as make_unicode_tables.py found it. For unicode.cpp alone.
#pragma once

#include <cstdint>
#include <vector>

namespace echelon::tokenizer::unicode {

/// Where general categories change: code point << 5 | Category, ascending.
const std::vector<uint32_t>& category_starts();

/// Where membership in a set changes, from "no" at zero.
const std::vector<uint32_t>& boundaries_of_word();
const std::vector<uint32_t>& boundaries_of_numeric();
const std::vector<uint32_t>& boundaries_of_punctuation();
const std::vector<uint32_t>& boundaries_of_other();
const std::vector<uint32_t>& boundaries_of_nonspacing_mark();
const std::vector<uint32_t>& boundaries_of_combining_mark();
const std::vector<uint32_t>& boundaries_of_not_normalised();
const std::vector<uint32_t>& boundaries_of_cluster_extension();

/// Every `step`th code point from `first` to `last` has its lower case `offset` further.
struct LowerRun {
  uint32_t first, last, step;
  int32_t offset;
};
const std::vector<LowerRun>& lower_runs();

}  // namespace echelon::tokenizer::unicode
