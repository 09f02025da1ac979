// Where rows are from.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace echelon::predict {

/// Rows of one file that follow each other.
struct RowSpan {
  std::string file;
  int64_t first_row = 0;
  int64_t rows = 0;
};

struct RowPlace {
  const std::string& file;
  int64_t row = 0;
};

/// Of row `row` of all of `spans`, counted on from one to the next.
inline RowPlace place_of(std::span<const RowSpan> spans, int64_t row) {
  while (row >= spans.front().rows) {
    row -= spans.front().rows;
    spans = spans.subspan(1);
  }
  return {spans.front().file, spans.front().first_row + row};
}

}  // namespace echelon::predict
