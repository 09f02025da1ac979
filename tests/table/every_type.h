// Rows of every type that can be written, which follow from their number. table_writer_test.py has the same
// formulas.
#pragma once

#include <string>
#include <vector>

#include "common/format.h"
#include "table/column.h"

namespace echelon::table {

inline const Schema kEveryType = {
    {.name = "flag", .type = ColumnType::kBool},
    {.name = "count", .type = ColumnType::kInt64},
    {.name = "ratio", .type = ColumnType::kFloat32},
    {.name = "value", .type = ColumnType::kFloat64},
    {.name = "name", .type = ColumnType::kString},
    {.name = "image.bytes", .type = ColumnType::kBinary},
    {.name = "when", .type = ColumnType::kTimestamp},
    {.name = "vector", .type = ColumnType::kList, .item_type = ColumnType::kFloat32},
    {.name = "words", .type = ColumnType::kList, .item_type = ColumnType::kString}};

/// Adds a value, or none.
inline void add_row(Column& column, bool is_there) {
  column.rows += 1;
  if (!is_there) {
    column.valid.resize(static_cast<size_t>(column.rows - 1), 1);
    column.valid.push_back(0);
  } else if (!column.valid.empty()) {
    column.valid.push_back(1);
  }
}

template <class T>
void add_value(Column& column, std::vector<T>& values, T value, bool is_there = true) {
  values.push_back(is_there ? value : T{});
  add_row(column, is_there);
}

inline void add_text(Column& column, const std::string& text, bool is_there = true) {
  if (is_there) column.bytes += text;
  column.offsets.push_back(static_cast<int64_t>(column.bytes.size()));
  add_row(column, is_there);
}

/// The rows [begin, end) of kEveryType.
inline std::vector<Column> every_type(int64_t begin, int64_t end) {
  std::vector<Column> columns;
  for (const Field& field : kEveryType) columns.push_back(empty_column(field.type, field.item_type));
  Column &flag = columns[0], &count = columns[1], &ratio = columns[2], &value = columns[3],
         &name = columns[4], &bytes = columns[5], &when = columns[6], &vector = columns[7],
         &words = columns[8];
  for (int64_t i = begin; i < end; ++i) {
    add_value<uint8_t>(flag, flag.bools, i % 3 == 0, i % 11 != 10);
    add_value<int64_t>(count, count.integers, i * 1'000'000'000'000, i % 5 != 3);
    add_value<float>(ratio, ratio.floats, static_cast<float>(i) / 8, i % 7 != 0);
    add_value<double>(value, value.doubles, static_cast<double>(i) / 3);
    std::string text;
    for (int64_t k = 0; k < i % 4; ++k) text += "n\xc3\xa4me";
    add_text(name, text, i % 6 != 5);
    add_text(bytes, {static_cast<char>(i % 256), '\0', '\xff'}, i % 9 != 8);
    add_value<int64_t>(when, when.integers, (i - 60) * 1'000'001, i % 13 != 12);
    const int64_t items = i % 6 == 4 ? 0 : i % 4;
    for (int64_t k = 0; k < items; ++k) {
      add_value<float>(vector.items[0], vector.items[0].floats, static_cast<float>(i + k) / 2, k != 2);
      add_text(words.items[0], str_format("{}-{}", i, k), k != 1);
    }
    vector.offsets.push_back(vector.items[0].rows);
    add_row(vector, i % 6 != 4);
    words.offsets.push_back(words.items[0].rows);
    add_row(words, i % 6 != 4);
  }
  return columns;
}

}  // namespace echelon::table
