// Rows written into a set of files: a folder a partition (partition_path.h), files of bounded size in each.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "table/table_writer.h"

namespace echelon::table {

/// A file while it is written. What is destroyed before commit() leaves nothing.
class NewTableFile {
 public:
  virtual ~NewTableFile() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// It is whole: gives it its name. The last call.
  virtual void commit() = 0;
};

/// Makes the file of a name relative to the folder of all, with `/` between folders:
/// `region=north/part-0000.parquet`.
using MakeTableFile = std::function<std::unique_ptr<NewTableFile>(const std::string& name)>;

struct PartitionOptions {
  /// From the outermost folder to the innermost, of bools, whole numbers, text and timestamps. None: the
  /// files lie in the folder itself. They are left out of the files, whose folders say them.
  std::vector<std::string> columns{};
  std::string stem = "part";  ///< of names: STEM-0000.parquet, STEM-0001.parquet, … in each folder
  TableWriterOptions files{};
  /// A file ends with the row group that brings it to so many bytes, and a row group with the row that brings
  /// its values to so many: it is not larger than about twice this.
  int64_t max_file_bytes = int64_t{512} << 20;
  int64_t max_file_rows = std::numeric_limits<int64_t>::max();  ///< exact
  /// Of the values of rows that wait, of all partitions together. With the row that brings them to it the
  /// partition with most of them ends a row group.
  int64_t memory_bytes = int64_t{512} << 20;
  int64_t max_partitions = 1000;  ///< more are an error
  /// A file that began early, to keep to memory_bytes, stays open until it is large enough; with more than so
  /// many, it ends.
  int64_t max_open_files = 100;
};

struct WrittenFile {
  std::string name;
  int64_t rows = 0;
  friend bool operator==(const WrittenFile&, const WrittenFile&) = default;
};

/// The files depend on schema, options and rows alone, not on how the rows are cut into batches. In each
/// partition rows keep their order, along the numbers of its files. Where there are no rows there is no file.
/// Used by one thread.
class PartitionedWriter {
 public:
  /// `name` is what messages call the output. Throws DataError before anything is written: a partition column
  /// that is not there, is named twice, is of another type, or begins with `_` or `.`, so that readers would
  /// pass its folders over; no column left for the files; a schema that cannot be written.
  PartitionedWriter(const std::string& name, const Schema& schema, MakeTableFile make,
                    PartitionOptions options);
  /// Without close(), files that were not committed leave nothing.
  ~PartitionedWriter();
  PartitionedWriter(const PartitionedWriter&) = delete;
  PartitionedWriter& operator=(const PartitionedWriter&) = delete;

  /// The rows [begin, end) of all columns of the schema, those of partitions among them. Throws DataError
  /// that names row and column: one partition too many, a value whose folder would have a name of more than
  /// 255 bytes; what TableWriter and the files throw. After any exception nothing more can be written.
  void append(std::span<const Column> columns, int64_t begin, int64_t end);
  void append(std::span<const Column> columns) { append(columns, 0, columns.empty() ? 0 : columns[0].rows); }
  /// Of those rows the ones whose values make no partition, so that append() would refuse them, each with the
  /// column and what is wrong.
  std::map<int64_t, std::string> find_refused(std::span<const Column> columns, int64_t begin,
                                              int64_t end) const;
  int64_t rows() const { return rows_; }
  /// Writes what is left. The files, in the order of their names.
  std::vector<WrittenFile> close();

 private:
  struct Partition;

  template <class Action>
  void writing(Action action);
  void check_options();
  std::string folder_of(std::span<const Column> columns, int64_t row) const;
  Partition& partition_of(std::span<const Column> columns, int64_t row);
  bool is_same(std::span<const Column> columns, int64_t a, int64_t b) const;
  int64_t take_run(Partition& partition, std::span<const Column> columns, int64_t first, int64_t end);
  bool is_full(const Partition& partition) const;
  void write_group(Partition& partition);
  void open_file(Partition& partition);
  void finish_file(Partition& partition);
  void make_room();

  std::string name_;
  Schema schema_, file_schema_;
  MakeTableFile make_;
  PartitionOptions options_;
  std::vector<size_t> keys_, kept_;  ///< places in schema_: of partition columns, of the others
  std::map<std::string, std::unique_ptr<Partition>> partitions_;  ///< by folder
  std::vector<WrittenFile> written_;
  int64_t rows_ = 0;
  int64_t waiting_bytes_ = 0;
  int64_t open_files_ = 0;
  bool usable_ = true;
};

}  // namespace echelon::table
