#include "table/json_lines_writer.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base64.h"
#include "common/error.h"
#include "common/format.h"
#include "table/schema_check.h"
#include "table/time_text.h"

namespace echelon::table {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

std::string json_string(std::string_view text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    throw DataError("it is not valid UTF-8");
  }
}

template <class T>
void append_number(std::string& line, T value) {
  char digits[32];
  line.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
}

/// Without a point or an exponent a reader would take the column for one of whole numbers.
template <class T>
void append_float(std::string& line, T value) {
  if (!std::isfinite(value)) {
    line += "null";
    return;
  }
  const size_t start = line.size();
  append_number(line, value);
  if (line.find_first_of(".e", start) == line.npos) line += ".0";
}

void append_value(std::string& line, const Column& column, int64_t row) {
  if (!column.is_valid(row)) {
    line += "null";
    return;
  }
  const auto i = static_cast<size_t>(row);
  switch (column.type) {
    case ColumnType::kBool:
      line += column.bools[i] != 0 ? "true" : "false";
      return;
    case ColumnType::kInt64:
      return append_number(line, column.integers[i]);
    case ColumnType::kFloat32:
      return append_float(line, column.floats[i]);
    case ColumnType::kFloat64:
      return append_float(line, column.doubles[i]);
    case ColumnType::kString:
      line += json_string(column.text(row));
      return;
    case ColumnType::kBinary:
      line += '"';
      line += encode_base64(column.text(row));
      line += '"';
      return;
    case ColumnType::kTimestamp:
      line += '"' + iso_time(column.integers[i]) + '"';
      return;
    case ColumnType::kList:
      line += '[';
      for (int64_t item = column.offsets[i]; item < column.offsets[i + 1]; ++item) {
        if (item > column.offsets[i]) line += ',';
        append_value(line, column.items[0], item);
      }
      line += ']';
      return;
    case ColumnType::kUnsupported:
      break;
  }
  throw InternalError("a column of a type that cannot be written");
}

class JsonLinesWriter final : public TableWriter {
 public:
  using TableWriter::append;

  JsonLinesWriter(const std::string& name, const Schema& schema, ByteSink sink)
      : name_(name), schema_(schema), sink_(std::move(sink)) {
    for (const Field& field : schema_) {
      try {
        keys_.push_back(str_format("{}{}:", keys_.empty() ? '{' : ',', json_string(field.name)));
      } catch (const DataError&) {
        throw DataError(str_format("{}: the name of column {} is not valid UTF-8", name_, keys_.size()));
      }
    }
  }

  void append(std::span<const Column> columns, int64_t begin, int64_t end) override {
    writing([&] {
      require_fit(name_, schema_, columns, begin, end);
      for (int64_t row = begin; row < end; ++row) {
        append_line(columns, row);
        ++rows_;
        if (text_.size() >= kPieceBytes) give();
      }
    });
  }

  int64_t rows() const override { return rows_; }
  void flush() override {
    writing([&] { give(); });
  }
  void close() override {
    flush();
    usable_ = false;
  }

 private:
  /// What throws leaves a writer that writes no more.
  template <class Action>
  void writing(Action action) {
    if (!std::exchange(usable_, false))
      throw InternalError(str_format("{}: nothing more can be written", name_));
    action();
    usable_ = true;
  }

  void give() {
    if (text_.empty()) return;
    sink_(std::as_bytes(std::span(text_)));
    text_.clear();
  }

  void append_line(std::span<const Column> columns, int64_t row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      text_ += keys_[i];
      try {
        append_value(text_, columns[i], row);
      } catch (const DataError& error) {
        throw DataError(
            str_format("{}: row {}, column \"{}\": {}", name_, rows_, schema_[i].name, error.what()));
      }
    }
    text_ += "}\n";
  }

  std::string name_;
  Schema schema_;
  ByteSink sink_;
  bool usable_ = true;
  std::vector<std::string> keys_;  ///< with what comes before and after them
  std::string text_;
  int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<TableWriter> make_json_lines_writer(const std::string& name, const Schema& schema,
                                                    ByteSink sink) {
  return std::make_unique<JsonLinesWriter>(name, schema, std::move(sink));
}

}  // namespace echelon::table
