// Where the record batches of Arrow's IPC formats lie
// (arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc).
#pragma once

#include <cstdint>
#include <vector>

#include "storage/random_access_file.h"

namespace echelon::table {

/// A message with its body, in the file.
struct IpcMessage {
  int64_t offset = 0;
  int64_t bytes = 0;
};

struct IpcDictionary {
  IpcMessage message;
  int64_t id = 0;
  bool is_delta = false;  ///< adds to the one before of the same id, in place of replacing it
};

struct IpcBatch {
  IpcMessage message;
  int64_t rows = 0;
  size_t dictionaries = 0;  ///< that come before it
};

/// The stream format.
struct IpcStream {
  IpcMessage schema;
  std::vector<IpcDictionary> dictionaries;
  std::vector<IpcBatch> batches;
};

/// Reads the metadata of all messages. Throws DataError that names file and offset: damaged, or without the
/// mark of its end, which every complete writer sets: it was cut off.
IpcStream scan_ipc_stream(const storage::RandomAccessFile& file);

/// The rows of the batches of the file format, as its footer lists them. Throws DataError that names file and
/// offset.
std::vector<int64_t> rows_of_ipc_file(const storage::RandomAccessFile& file);

/// The dictionaries that hold for a batch, in order: replaced ones are left out.
std::vector<IpcMessage> dictionaries_of(const IpcStream& stream, const IpcBatch& batch);

}  // namespace echelon::table
