// libechelon_arrow.so: what the loader (storage/arrow_library.h) opens.
#include "table/arrow/library.h"

#include "storage/arrow_library.h"
#include "table/arrow/file_system.h"

#define ECHELON_EXPORT extern "C" __attribute__((visibility("default")))

using echelon::storage::FileSystem;
using echelon::storage::Location;
using echelon::storage::RandomAccessFile;
using echelon::storage::StorageSettings;
using namespace echelon::table;

ECHELON_EXPORT int echelon_arrow_interface() {
  return echelon::storage::kArrowInterface;
}

ECHELON_EXPORT FileSystem* echelon_arrow_file_system(const Location& location,
                                                     const StorageSettings& settings) {
  return wrap_file_system(open_object_store(location, settings), location).release();
}

ECHELON_EXPORT TableFile* echelon_arrow_parquet(std::shared_ptr<const RandomAccessFile> file,
                                                const TableOptions& options) {
  return open_parquet_file(std::move(file), options).release();
}

ECHELON_EXPORT TableFile* echelon_arrow_ipc(std::shared_ptr<const RandomAccessFile> file,
                                            const TableOptions& options) {
  return open_ipc_file(std::move(file), options).release();
}

ECHELON_EXPORT TextParser* echelon_arrow_text_parser(TableFormat format, const TableOptions& options) {
  return (format == TableFormat::kCsv ? make_csv_parser(options) : make_json_parser(options)).release();
}

ECHELON_EXPORT TableWriter* echelon_arrow_parquet_writer(const std::string& name, const Schema& schema,
                                                         ByteSink sink, const TableWriterOptions& options) {
  return make_parquet_writer(name, schema, std::move(sink), options).release();
}
