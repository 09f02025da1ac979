#include "table/partitioned_writer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "table/partition_path.h"
#include "table/schema_check.h"

namespace echelon::table {
namespace {

constexpr size_t kLongestName = 255;  // of a folder, on all usual file systems

bool same_value(const Column& column, int64_t a, int64_t b) {
  if (column.is_valid(a) != column.is_valid(b)) return false;
  if (column.type == ColumnType::kString) return column.text(a) == column.text(b);
  const auto i = static_cast<size_t>(a), k = static_cast<size_t>(b);
  return column.type == ColumnType::kBool ? column.bools[i] == column.bools[k]
                                          : column.integers[i] == column.integers[k];
}

std::string_view ending_of(TableFormat format) {
  return format == TableFormat::kJsonLines ? ".jsonl" : ".parquet";
}

}  // namespace

struct PartitionedWriter::Partition {
  std::string folder;  ///< with a slash behind it, where there is one
  std::vector<Column> waiting{};
  int64_t waiting_rows = 0;
  int64_t waiting_bytes = 0;
  int64_t files = 0;  ///< finished ones
  std::string file_name{};
  int64_t file_rows = 0, file_bytes = 0;
  std::unique_ptr<NewTableFile> file{};
  std::unique_ptr<TableWriter> writer{};  ///< destroyed before the file that it writes
};

PartitionedWriter::PartitionedWriter(const std::string& name, const Schema& schema, MakeTableFile make,
                                     PartitionOptions options)
    : name_(name), schema_(schema), make_(std::move(make)), options_(std::move(options)) {
  options_.files.group_bytes = std::min(options_.files.group_bytes, options_.max_file_bytes);
  options_.files.rows_per_group = std::min(options_.files.rows_per_group, options_.max_file_rows);
  check_options();
  for (const std::string& column : options_.columns)
    keys_.push_back(static_cast<size_t>(find_field(schema_, column) - schema_.data()));
  for (size_t i = 0; i < schema_.size(); ++i) {
    if (std::ranges::find(keys_, i) != keys_.end()) continue;
    kept_.push_back(i);
    file_schema_.push_back(schema_[i]);
  }
  if (file_schema_.empty())
    throw DataError(str_format("{}: all columns are those of partitions; none is left for the files", name_));
  open_table_writer(
      name_, file_schema_, [](std::span<const std::byte>) {}, options_.files);
}

PartitionedWriter::~PartitionedWriter() = default;

void PartitionedWriter::check_options() {
  require_distinct_names(name_, schema_);
  std::set<std::string_view> seen;
  for (const std::string& column : options_.columns) {
    const Field& field = require_column(name_, schema_, column);
    if (!can_partition(field.type))
      throw DataError(
          str_format("{}: column \"{}\" holds {}, which makes no partitions: bools, whole numbers, text and "
                     "timestamps do",
                     name_, column, name_of_type(field)));
    if (!seen.insert(column).second)
      throw DataError(str_format("{}: column \"{}\" is named twice as one of partitions", name_, column));
    if (column.empty() || column.starts_with('_') || column.starts_with('.'))
      throw DataError(
          str_format("{}: folders of column \"{}\" would be passed over by readers, as all names with _ or . "
                     "at the start; give it another name",
                     name_, column));
  }
}

/// What throws leaves a writer that writes no more, and no file that was begun.
template <class Action>
void PartitionedWriter::writing(Action action) {
  if (!std::exchange(usable_, false))
    throw InternalError(str_format("{}: nothing more can be written", name_));
  try {
    action();
  } catch (...) {
    partitions_.clear();
    throw;
  }
  usable_ = true;
}

void PartitionedWriter::append(std::span<const Column> columns, int64_t begin, int64_t end) {
  writing([&] {
    require_fit(name_, schema_, columns, begin, end);
    for (int64_t row = begin; row < end;) {
      Partition& partition = partition_of(columns, row);
      row = take_run(partition, columns, row, end);
      if (is_full(partition)) write_group(partition);
      if (waiting_bytes_ >= options_.memory_bytes) make_room();
    }
  });
}

std::vector<WrittenFile> PartitionedWriter::close() {
  writing([&] {
    for (const auto& [folder, partition] : partitions_) {
      write_group(*partition);
      if (partition->writer) finish_file(*partition);
    }
  });
  usable_ = false;
  std::ranges::sort(written_, {}, &WrittenFile::name);
  return written_;
}

std::map<int64_t, std::string> PartitionedWriter::find_refused(std::span<const Column> columns, int64_t begin,
                                                               int64_t end) const {
  std::map<int64_t, std::string> refused;
  if (keys_.empty()) return refused;
  std::string problem;
  for (int64_t row = begin; row < end; ++row) {
    if (row == begin || !is_same(columns, row, row - 1)) {
      problem.clear();
      try {
        folder_of(columns, row);
      } catch (const DataError& error) {
        problem = error.what();
      }
    }
    if (!problem.empty()) refused.emplace(row, problem);
  }
  return refused;
}

/// Whether two rows are of one partition.
bool PartitionedWriter::is_same(std::span<const Column> columns, int64_t a, int64_t b) const {
  return std::ranges::all_of(keys_, [&](size_t key) { return same_value(columns[key], a, b); });
}

/// Throws DataError that names the column alone.
std::string PartitionedWriter::folder_of(std::span<const Column> columns, int64_t row) const {
  std::string folder;
  for (const size_t key : keys_) {
    const std::string& column = schema_[key].name;
    const auto refuse = [&](std::string_view problem) {
      throw DataError(str_format("column \"{}\": {}", column, problem));
    };
    std::string part;
    try {
      part = partition_folder({column, partition_value(columns[key], row)});
    } catch (const DataError& error) {
      refuse(error.what());
    }
    if (part.size() > kLongestName)
      refuse(
          str_format("its folder would have a name of {} bytes; {} are the most", part.size(), kLongestName));
    folder += part + "/";
  }
  return folder;
}

PartitionedWriter::Partition& PartitionedWriter::partition_of(std::span<const Column> columns, int64_t row) {
  std::string folder;
  try {
    folder = folder_of(columns, row);
  } catch (const DataError& error) {
    throw DataError(str_format("{}: row {}, {}", name_, rows_, error.what()));
  }
  std::unique_ptr<Partition>& partition = partitions_[folder];
  if (partition) return *partition;
  if (std::ssize(partitions_) > options_.max_partitions)
    throw DataError(str_format(
        "{}: row {} would begin partition {}; {} are the most: partition by columns that have fewer "
        "values",
        name_, rows_, folder, options_.max_partitions));
  partition = std::make_unique<Partition>(Partition{.folder = folder});
  partition->waiting = empty_columns(file_schema_);
  return *partition;
}

/// The rows from `first` on that are of the same partition, until it or the memory is full. Returns the next
/// row.
int64_t PartitionedWriter::take_run(Partition& partition, std::span<const Column> columns, int64_t first,
                                    int64_t end) {
  int64_t row = first;
  do {
    int64_t bytes = 0;
    for (const size_t column : kept_) bytes += value_bytes(columns[column], row, row + 1);
    partition.waiting_bytes += bytes;
    waiting_bytes_ += bytes;
    ++partition.waiting_rows;
    ++rows_;
    ++row;
  } while (row < end && !is_full(partition) && waiting_bytes_ < options_.memory_bytes &&
           is_same(columns, row, row - 1));
  for (size_t i = 0; i < kept_.size(); ++i) append_rows(partition.waiting[i], columns[kept_[i]], first, row);
  return row;
}

bool PartitionedWriter::is_full(const Partition& partition) const {
  return partition.waiting_rows >= options_.files.rows_per_group ||
         partition.waiting_bytes >= options_.files.group_bytes ||
         partition.file_rows + partition.waiting_rows >= options_.max_file_rows;
}

void PartitionedWriter::write_group(Partition& partition) {
  if (partition.waiting_rows == 0) return;
  if (!partition.writer) open_file(partition);
  partition.writer->append(partition.waiting);
  partition.writer->flush();
  partition.file_rows += partition.waiting_rows;
  waiting_bytes_ -= partition.waiting_bytes;
  partition.waiting_rows = partition.waiting_bytes = 0;
  partition.waiting = empty_columns(file_schema_);
  const bool is_large =
      partition.file_bytes >= options_.max_file_bytes || partition.file_rows >= options_.max_file_rows;
  if (is_large || open_files_ > options_.max_open_files) finish_file(partition);
}

void PartitionedWriter::open_file(Partition& partition) {
  partition.file_name = str_format("{}{}-{:04}{}", partition.folder, options_.stem, partition.files,
                                   ending_of(options_.files.format));
  partition.file_rows = partition.file_bytes = 0;
  partition.file = make_(partition.file_name);
  const auto sink = [&partition](std::span<const std::byte> bytes) {
    partition.file->write(bytes);
    partition.file_bytes += std::ssize(bytes);
  };
  partition.writer = open_table_writer(partition.file_name, file_schema_, sink, options_.files);
  ++open_files_;
}

void PartitionedWriter::finish_file(Partition& partition) {
  partition.writer->close();
  partition.writer.reset();
  partition.file->commit();
  partition.file.reset();
  written_.push_back({partition.file_name, partition.file_rows});
  partition.file_rows = 0;
  ++partition.files;
  --open_files_;
}

void PartitionedWriter::make_room() {
  const auto fewer = [](const auto& a, const auto& b) {
    return a.second->waiting_bytes < b.second->waiting_bytes;
  };
  write_group(*std::ranges::max_element(partitions_, fewer)->second);
}

}  // namespace echelon::table
