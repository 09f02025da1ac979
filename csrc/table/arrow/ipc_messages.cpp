#include "table/arrow/ipc_messages.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/flat_table.h"

namespace echelon::table {
namespace {

using storage::RandomAccessFile;

// Message.fbs: Message {version, header_type, header, bodyLength}, the union MessageHeader; RecordBatch
// {length, …}; DictionaryBatch {id, data, isDelta}. File.fbs: Footer {version, schema, dictionaries,
// recordBatches, …}.
enum class Header : uint8_t { kSchema = 1, kDictionary = 2, kBatch = 3 };
constexpr int kHeaderType = 1, kHeader = 2, kBodyLength = 3;
constexpr int kLength = 0, kId = 0, kIsDelta = 2;
constexpr int kRecordBatches = 3;
constexpr uint64_t kBlockBytes =
    24;  // File.fbs: struct Block {offset, metaDataLength, (padding), bodyLength}
constexpr int64_t kTrailerBytes = 10;  // the size of the footer, and the magic

[[noreturn]] void refuse(const RandomAccessFile& file, int64_t offset, std::string_view problem) {
  throw DataError(str_format("{}, offset {}: {}", file.name(), offset, problem));
}

template <class Action>
auto at_offset(const RandomAccessFile& file, int64_t offset, Action action) {
  try {
    return action();
  } catch (const DataError& error) {
    refuse(file, offset, error.what());
  }
}

template <class T>
T load(std::span<const uint8_t> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

std::vector<uint8_t> read_bytes(const RandomAccessFile& file, int64_t offset, int64_t bytes) {
  if (offset < 0 || bytes < 0 || offset > file.size() || bytes > file.size() - offset)
    refuse(
        file, offset,
        str_format("{} bytes should follow in a file of {}; it is damaged or cut off", bytes, file.size()));
  std::vector<uint8_t> result(static_cast<size_t>(bytes));
  file.read(offset, result);
  return result;
}

/// The metadata of a message.
struct Metadata {
  int64_t prefix = 0;  ///< bytes of its size and, since version 0.15 of the format, a mark before it
  std::vector<uint8_t> bytes;
};

Metadata read_metadata(const RandomAccessFile& file, int64_t offset) {
  constexpr uint32_t kContinuation = 0xffffffff;
  const auto start = read_bytes(file, offset, 4);
  const bool is_marked = load<uint32_t>(start, 0) == kContinuation;
  const int64_t prefix = is_marked ? 8 : 4;
  const auto size = is_marked ? load<int32_t>(read_bytes(file, offset + 4, 4), 0) : load<int32_t>(start, 0);
  return {prefix, read_bytes(file, offset + prefix, size)};
}

}  // namespace

IpcStream scan_ipc_stream(const RandomAccessFile& file) {
  IpcStream stream;
  for (int64_t offset = 0;;) {
    if (offset == file.size()) refuse(file, offset, "the stream has no mark of its end; it is cut off");
    const Metadata metadata = read_metadata(file, offset);
    if (metadata.bytes.empty()) break;  // the mark
    at_offset(file, offset, [&] {
      const FlatTable message = FlatTable::root(metadata.bytes);
      const int64_t head = metadata.prefix + static_cast<int64_t>(metadata.bytes.size());
      const int64_t body = message.scalar<int64_t>(kBodyLength);
      if (body < 0 || body > file.size() - offset - head)
        throw DataError(
            str_format("a message of {} bytes does not fit into the file; it is damaged or cut off", body));
      const IpcMessage place = {offset, head + body};
      const auto header = static_cast<Header>(message.scalar<uint8_t>(kHeaderType));
      if ((header == Header::kSchema) != (offset == 0))
        throw DataError("a stream begins with its only schema");
      if (header == Header::kSchema) {
        stream.schema = place;
      } else if (header == Header::kDictionary) {
        const FlatTable dictionary = message.table(kHeader);
        stream.dictionaries.push_back(
            {place, dictionary.scalar<int64_t>(kId), dictionary.scalar<uint8_t>(kIsDelta) != 0});
      } else if (header == Header::kBatch) {
        stream.batches.push_back(
            {place, message.table(kHeader).scalar<int64_t>(kLength), stream.dictionaries.size()});
      } else {
        throw DataError("a message that is neither a record batch nor a dictionary");
      }
      offset += place.bytes;
    });
  }
  if (stream.schema.bytes == 0) refuse(file, 0, "the stream has no schema");
  return stream;
}

std::vector<int64_t> rows_of_ipc_file(const RandomAccessFile& file) {
  const int64_t end = file.size() - kTrailerBytes;
  const int64_t bytes = end < 0 ? -1 : load<int32_t>(read_bytes(file, end, 4), 0);
  const auto footer = read_bytes(file, end - bytes, bytes);
  const auto blocks = at_offset(file, end - bytes,
                                [&] { return FlatTable::root(footer).structs(kRecordBatches, kBlockBytes); });
  std::vector<int64_t> rows;
  for (size_t at = 0; at < blocks.size(); at += kBlockBytes) {
    const int64_t offset = load<int64_t>(blocks, at);
    const Metadata metadata = read_metadata(file, offset);
    rows.push_back(at_offset(file, offset, [&] {
      return FlatTable::root(metadata.bytes).table(kHeader).scalar<int64_t>(kLength);
    }));
  }
  return rows;
}

std::vector<IpcMessage> dictionaries_of(const IpcStream& stream, const IpcBatch& batch) {
  std::map<int64_t, std::vector<IpcMessage>> held;
  for (size_t i = 0; i < batch.dictionaries; ++i) {
    const IpcDictionary& dictionary = stream.dictionaries[i];
    std::vector<IpcMessage>& messages = held[dictionary.id];
    if (!dictionary.is_delta) messages.clear();
    messages.push_back(dictionary.message);
  }
  std::vector<IpcMessage> all;
  for (const auto& [id, messages] : held) all.insert(all.end(), messages.begin(), messages.end());
  std::ranges::sort(all, {}, &IpcMessage::offset);
  return all;
}

}  // namespace echelon::table
