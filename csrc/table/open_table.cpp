#include <algorithm>
#include <array>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "storage/arrow_library.h"
#include "storage/location.h"
#include "table/table_file.h"
#include "table/text_table.h"

namespace echelon::table {
namespace {

using storage::RandomAccessFile;

TableFormat format_of_name(const std::string& ending) {
  if (ending == ".parquet" || ending == ".pq") return TableFormat::kParquet;
  if (ending == ".arrow" || ending == ".arrows" || ending == ".feather" || ending == ".ipc")
    return TableFormat::kArrow;
  if (ending == ".csv" || ending == ".tsv") return TableFormat::kCsv;
  if (ending == ".jsonl" || ending == ".ndjson" || ending == ".json") return TableFormat::kJsonLines;
  return TableFormat::kAuto;
}

TableFormat format_of_content(const RandomAccessFile& file) {
  std::array<uint8_t, 6> beginning{};
  const size_t bytes = std::min(beginning.size(), static_cast<size_t>(file.size()));
  file.read(0, std::span(beginning).first(bytes));
  const std::string_view text(reinterpret_cast<const char*>(beginning.data()), bytes);
  if (text.starts_with("PAR1")) return TableFormat::kParquet;
  if (text == "ARROW1" || text.starts_with("\xff\xff\xff\xff")) return TableFormat::kArrow;
  return beginning[0] == '{' ? TableFormat::kJsonLines : TableFormat::kCsv;
}

/// By a function of the library that needs Arrow.
std::unique_ptr<TableFile> open_by(const char* function, std::shared_ptr<const RandomAccessFile> file,
                                   const TableOptions& options) {
  using Open = TableFile* (*)(std::shared_ptr<const RandomAccessFile>, const TableOptions&);
  const auto open = reinterpret_cast<Open>(storage::arrow_function(function));
  return std::unique_ptr<TableFile>(open(std::move(file), options));
}

std::unique_ptr<TextParser> make_parser(TableFormat format, const TableOptions& options) {
  using Make = TextParser* (*)(TableFormat, const TableOptions&);
  const auto make = reinterpret_cast<Make>(storage::arrow_function("echelon_arrow_text_parser"));
  return std::unique_ptr<TextParser>(make(format, options));
}

}  // namespace

std::vector<Column> read_columns(const TableFile& file, int64_t block, std::span<const std::string> columns) {
  const StageScope scope(LoadStage::kRead);
  std::vector<Column> read = file.read(block, columns);
  for (const Column& column : read) count_bytes_read(column.size_in_bytes());
  return read;
}

std::unique_ptr<TableFile> open_table(std::shared_ptr<const RandomAccessFile> file,
                                      const TableOptions& options) {
  if (file->size() == 0) throw DataError(str_format("{} is empty", file->name()));
  const std::string ending = storage::ending_of(file->name());
  TableFormat format = options.format;
  if (format == TableFormat::kAuto) format = format_of_name(ending);
  if (format == TableFormat::kAuto) format = format_of_content(*file);
  if (format == TableFormat::kParquet) return open_by("echelon_arrow_parquet", std::move(file), options);
  if (format == TableFormat::kArrow) return open_by("echelon_arrow_ipc", std::move(file), options);
  TableOptions complete = options;
  if (complete.delimiter == '\0') complete.delimiter = ending == ".tsv" ? '\t' : ',';
  return open_text_table(std::move(file), complete, format, make_parser(format, complete));
}

std::unique_ptr<TableFile> open_table(storage::Storage& storage, const std::string& name,
                                      const TableOptions& options) {
  const TableFormat format =
      options.format == TableFormat::kAuto ? format_of_name(storage::ending_of(name)) : options.format;
  const bool in_place = format == TableFormat::kParquet || format == TableFormat::kArrow;
  return open_table(in_place ? storage.open(name, storage::Access::kInPlace) : storage.open_unpacked(name),
                    options);
}

}  // namespace echelon::table
