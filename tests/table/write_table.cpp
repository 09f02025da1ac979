// Writes rows of every type, for table_writer_test.py:  write_table PATH ROWS BATCH ROWS_PER_GROUP
// COMPRESSION
#include <algorithm>
#include <cstdlib>

#include "common/file.h"
#include "table/every_type.h"
#include "table/table_writer.h"

int main(int, char** arguments) {
  using namespace echelon::table;
  const int64_t rows = std::atoll(arguments[2]), batch = std::atoll(arguments[3]);
  TableWriterOptions options{.rows_per_group = std::atoll(arguments[4]),
                             .metadata = {{"model", "a"}, {"task", "b"}}};
  const std::string compression = arguments[5];
  if (compression == "none") options.compression = ParquetCompression::kNone;
  if (compression == "snappy") options.compression = ParquetCompression::kSnappy;
  std::string content;
  const auto sink = [&](std::span<const std::byte> bytes) {
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto writer = open_table_writer(arguments[1], kEveryType, sink, options);
  for (int64_t row = 0; row < rows; row += batch)
    writer->append(every_type(row, std::min(rows, row + batch)));
  writer->close();
  echelon::write_file_atomically(arguments[1], content);
}
