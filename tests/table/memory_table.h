// Columns and tables in memory, for tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "table/table_file.h"

namespace echelon::table {

inline Column doubles(std::vector<double> values, std::vector<uint8_t> valid = {}) {
  return {.type = ColumnType::kFloat64,
          .rows = static_cast<int64_t>(values.size()),
          .valid = std::move(valid),
          .doubles = std::move(values)};
}

inline Column integers(std::vector<int64_t> values, std::vector<uint8_t> valid = {}) {
  return {.type = ColumnType::kInt64,
          .rows = static_cast<int64_t>(values.size()),
          .valid = std::move(valid),
          .integers = std::move(values)};
}

inline Column texts(const std::vector<std::string>& values, std::vector<uint8_t> valid = {}) {
  Column column{.type = ColumnType::kString,
                .rows = static_cast<int64_t>(values.size()),
                .valid = std::move(valid),
                .offsets = {0}};
  for (const std::string& value : values) {
    column.bytes += value;
    column.offsets.push_back(static_cast<int64_t>(column.bytes.size()));
  }
  return column;
}

/// Each column in blocks of rows.
class MemoryTable : public TableFile {
 public:
  void add(const std::string& name, std::vector<Column> blocks) {
    schema_.push_back({.name = name, .type = blocks[0].type});
    blocks_.clear();
    for (const Column& column : blocks) blocks_.push_back({rows(), column.rows});
    columns_[name] = std::move(blocks);
  }
  const std::string& name() const override { return name_; }
  const Schema& schema() const override { return schema_; }
  const std::vector<Block>& blocks() const override { return blocks_; }
  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    std::vector<Column> result;
    for (const std::string& column : columns)
      result.push_back(columns_.at(column).at(static_cast<size_t>(block)));
    return result;
  }

 private:
  std::string name_ = "x.csv";
  Schema schema_;
  std::vector<Block> blocks_;
  std::map<std::string, std::vector<Column>> columns_;
};

}  // namespace echelon::table
