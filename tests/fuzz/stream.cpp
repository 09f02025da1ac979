// Streams of bytes: gzip, zstd and plain text are unpacked, split into lines and cut into records, or refused
// with a DataError, in bounded memory, and come out the same however they are read. Seeds:
// tests/storage/golden.
#include <cstdint>

#include "bytes.h"
#include "common/error.h"
#include "storage/location.h"
#include "storage/patterns.h"
#include "storage/stream/decompress.h"
#include "storage/stream/line_reader.h"
#include "table/record_scanner.h"

namespace {

using namespace echelon;

std::unique_ptr<storage::ByteStream> unpack(const std::shared_ptr<Bytes>& file, int64_t block) {
  const storage::DecompressionLimits limits{.max_bytes = 1 << 22, .zstd_window_log = 20};
  return storage::decompress(storage::open_stream(file, {.block_bytes = block, .blocks = 0}), limits);
}

/// What comes before the end or the error.
std::string drain(storage::ByteStream& stream, size_t piece) {
  std::string text, buffer(piece, '\0');
  try {
    while (const size_t got = stream.read({reinterpret_cast<uint8_t*>(buffer.data()), piece}))
      text.append(buffer, 0, got);
  } catch (const DataError&) {
    text += "(refused)";
  }
  return text;
}

/// The lines, joined again, are the text but for the ends of lines.
void check_lines(const std::shared_ptr<Bytes>& file, const std::string& text) {
  storage::LineReader reader(unpack(file, 100), 1 << 20);
  size_t offset = 0;
  while (const auto line = reader.next()) {
    require(line->offset == static_cast<int64_t>(offset));
    require(text.compare(offset, line->text.size(), line->text) == 0);
    offset = text.find('\n', offset) + 1;
    if (offset == 0) offset = text.size();
  }
  require(offset == text.size());
}

void check_records(const std::string& text) {
  const Bytes file(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  for (const char quote : {'"', '\0'}) {
    int64_t position = 0, rows = 0;
    for (const auto& block : table::index_records(file, {',', quote}, false, 64, 1 << 20).blocks) {
      require(block.offset >= position && block.first_row == rows);
      position = block.offset + block.bytes;
      rows += block.rows;
    }
    require(position <= file.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = std::make_shared<Bytes>(data, size);
  const std::string text = drain(*unpack(file, 1 << 16), 1 << 16);
  // How much comes before an error depends on the pieces.
  const std::string pieces = drain(*unpack(file, 7), 1 << 10);
  require(text.ends_with("(refused)") ? pieces.ends_with("(refused)") : pieces == text);
  try {
    if (!text.ends_with("(refused)")) check_lines(file, text);
    check_records(text);
  } catch (const DataError&) {
  }
  try {
    const std::string name(reinterpret_cast<const char*>(data), std::min<size_t>(size, 40));
    if (name.find("..") == name.npos) storage::expand_braces(name);
    require(storage::parse_location(storage::parse_location(name).text()).path ==
            storage::parse_location(name).path);
  } catch (const DataError&) {
  }
  return 0;
}
