#include "predict/output/row_writer.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "common/error.h"
#include "common/format.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

const table::Schema kErrorSchema = {{.name = "source_file", .type = ColumnType::kString},
                                    {.name = "row_number", .type = ColumnType::kInt64},
                                    {.name = "reason", .type = ColumnType::kString}};

void append_texts(Column& column, std::string_view text, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) table::append_text(column, text);
}

Column file_names(std::span<const RowSpan> origins) {
  Column column = table::empty_column(ColumnType::kString);
  for (const RowSpan& span : origins) append_texts(column, span.file, span.rows);
  return column;
}

/// What waits in memory for one unit.
constexpr int64_t kMemoryBytes = int64_t{128} << 20;

table::PartitionOptions partition_options(const OutputSettings& output, const std::string& stem) {
  return {.columns = output.partition_by,
          .stem = stem,
          .files = {.format = output.format,
                    .compression = output.compression,
                    .rows_per_group = output.rows_per_group,
                    .group_bytes = kMemoryBytes},
          .max_file_bytes = static_cast<int64_t>(output.max_file_mb * 1e6),
          .memory_bytes = kMemoryBytes};
}

void add_error(std::vector<Column>& columns, std::string_view file, int64_t row, std::string_view reason) {
  table::append_text(columns[0], file);
  columns[1].integers.push_back(row);
  ++columns[1].rows;
  table::append_text(columns[2], reason);
}

Column row_numbers(std::span<const RowSpan> origins) {
  Column column = table::empty_column(ColumnType::kInt64);
  for (const RowSpan& span : origins) {
    for (int64_t row = 0; row < span.rows; ++row) column.integers.push_back(span.first_row + row);
    column.rows += span.rows;
  }
  return column;
}

/// A file of the output folder, which notes what it became.
class Created final : public table::NewTableFile {
 public:
  Created(std::unique_ptr<work::NewFile> file, std::vector<work::StoredFile>& stored)
      : file_(std::move(file)), stored_(stored) {}
  void write(std::span<const std::byte> bytes) override { file_->write(bytes); }
  void commit() override { stored_.push_back(file_->commit()); }

 private:
  std::unique_ptr<work::NewFile> file_;
  std::vector<work::StoredFile>& stored_;
};

}  // namespace

table::Schema OutputLayout::schema() const {
  table::Schema schema = kept;
  schema.insert(schema.end(), made.begin(), made.end());
  if (output.source_file) schema.push_back({.name = "source_file", .type = ColumnType::kString});
  if (output.row_number) schema.push_back({.name = "row_number", .type = ColumnType::kInt64});
  if (output.model_version) schema.push_back({.name = "model_version", .type = ColumnType::kString});
  return schema;
}

void OutputLayout::check() const {
  const table::Schema all = schema();
  std::set<std::string_view> seen;
  for (const table::Field& field : all) {
    if (seen.insert(field.name).second) continue;
    throw ConfigError(str_format(
        "output: the input has a column \"{}\" already; leave it out of output.keep, or set output.prefix",
        field.name));
  }
  table::PartitionedWriter("output", all, nullptr, partition_options(output, ""));
}

struct RowWriter::Files {
  Files(const std::string& folder, const table::Schema& schema, const table::PartitionOptions& options,
        const work::OutputFolder& output)
      : prefix(folder + "/"),
        writer(
            folder, schema,
            [this, &output](const std::string& name) {
              return std::make_unique<Created>(output.create(prefix + name), stored);
            },
            options) {}

  /// Completes them; each with the rows in it.
  std::vector<work::StoredFile> finish() {
    std::map<std::string, int64_t> rows;
    for (const table::WrittenFile& file : writer.close()) rows[prefix + file.name] = file.rows;
    for (work::StoredFile& file : stored) file.counts = {{"rows", rows.at(file.name)}};
    std::ranges::sort(stored, {}, &work::StoredFile::name);
    return std::move(stored);
  }

  std::string prefix;
  std::vector<work::StoredFile> stored{};
  table::PartitionedWriter writer;
};

RowWriter::RowWriter(const OutputLayout& layout, const work::OutputFolder& folder, std::string stem,
                     OnBadRow on_bad_row)
    : layout_(layout), folder_(folder), stem_(std::move(stem)), on_bad_row_(on_bad_row) {}

RowWriter::~RowWriter() = default;

RowWriter::Files& RowWriter::predictions() {
  if (!predictions_)
    predictions_ = std::make_unique<Files>("predictions", layout_.schema(),
                                           partition_options(layout_.output, stem_), folder_);
  return *predictions_;
}

RowWriter::Files& RowWriter::errors() {
  if (!errors_) {
    table::PartitionOptions options = partition_options(layout_.output, stem_);
    options.columns.clear();
    errors_ = std::make_unique<Files>("errors", kErrorSchema, options, folder_);
  }
  return *errors_;
}

void RowWriter::append(std::vector<Column> kept, Scores scores, std::span<const RowSpan> origins) {
  const int64_t rows = scores.columns.front().rows;
  std::vector<Column> columns = std::move(kept);
  std::ranges::move(scores.columns, std::back_inserter(columns));
  if (layout_.output.source_file) columns.push_back(file_names(origins));
  if (layout_.output.row_number) columns.push_back(row_numbers(origins));
  if (layout_.output.model_version) {
    columns.push_back(table::empty_column(ColumnType::kString));
    append_texts(columns.back(), layout_.version, rows);
  }
  scores.problems.merge(predictions().writer.find_refused(columns, 0, rows));
  if (on_bad_row_ == OnBadRow::kFail && !scores.problems.empty()) {
    const auto& [row, problem] = *scores.problems.begin();
    const RowPlace place = place_of(origins, row);
    throw DataError(str_format("{}, row {}, {}", place.file, place.row, problem));
  }
  append_scored(columns, scores.problems, rows);
  append_errors(scores.problems, origins);
}

void RowWriter::append_unread(const RowSpan& rows, const std::string& reason) {
  std::map<int64_t, std::string> problems;
  for (int64_t row = 0; row < rows.rows; ++row) problems.emplace(row, reason);
  append_errors(problems, std::span(&rows, 1));
}

void RowWriter::append_unread_file(const std::string& file, const std::string& reason) {
  std::vector<Column> columns = table::empty_columns(kErrorSchema);
  add_error(columns, file, 0, reason);
  columns[1].valid = {0};
  errors().writer.append(columns);
}

/// The rows between those that have a problem.
void RowWriter::append_scored(std::span<const Column> columns, const std::map<int64_t, std::string>& problems,
                              int64_t rows) {
  int64_t begin = 0;
  const auto append = [&](int64_t end) {
    if (begin < end) predictions().writer.append(columns, begin, end);
  };
  for (const auto& [row, reason] : problems) {
    append(row);
    begin = row + 1;
  }
  append(rows);
}

void RowWriter::append_errors(const std::map<int64_t, std::string>& problems,
                              std::span<const RowSpan> origins) {
  if (problems.empty()) return;
  std::vector<Column> columns = table::empty_columns(kErrorSchema);
  for (const auto& [row, reason] : problems) {
    const RowPlace place = place_of(origins, row);
    add_error(columns, place.file, place.row, reason);
  }
  errors().writer.append(columns);
}

work::UnitOutput RowWriter::finish() {
  work::UnitOutput output{.files = {}, .counts = {{"rows", 0}, {"errors", 0}}};
  const auto finish = [&](Files* files, const char* count) {
    if (files == nullptr) return;
    output.counts[count] = files->writer.rows();
    std::ranges::move(files->finish(), std::back_inserter(output.files));
  };
  finish(predictions_.get(), "rows");
  finish(errors_.get(), "errors");
  return output;
}

}  // namespace echelon::predict
