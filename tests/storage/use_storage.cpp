// Does what object_store_test.py asks for, as one of the processes of a node:
//
//   use_storage CACHE LIMIT ATTEMPTS TIMEOUT COMMAND NAME…
//
// Commands: expand PATTERN…; read NAME OFFSET BYTES; open NAME…, unpack NAME and stream NAME, which show size
// and MD5 of the content.
#include <cstdio>
#include <cstdlib>

#include "common/error.h"
#include "storage/md5.h"
#include "storage/storage.h"

namespace echelon::storage {
namespace {

void show(const RandomAccessFile& file) {
  Md5 md5;
  std::vector<uint8_t> bytes(1 << 20);
  for (int64_t start = 0; start < file.size(); start += static_cast<int64_t>(bytes.size())) {
    const auto part = std::span(bytes).first(
        static_cast<size_t>(std::min(static_cast<int64_t>(bytes.size()), file.size() - start)));
    file.read(start, part);
    md5.update(part);
  }
  std::printf("%s %ld %s\n", file.name().c_str(), static_cast<long>(file.size()), md5.hex().c_str());
}

void show(ByteStream& stream) {
  Md5 md5;
  long size = 0;
  std::vector<uint8_t> bytes(1 << 16);
  while (const size_t got = stream.read(bytes)) {
    md5.update({bytes.data(), got});
    size += static_cast<long>(got);
  }
  std::printf("%s %ld %s\n", stream.name().c_str(), size, md5.hex().c_str());
}

void run(Storage& storage, const std::string& command, const std::vector<std::string>& names) {
  if (command == "expand") {
    for (const std::string& name : storage.expand(names)) std::printf("%s\n", name.c_str());
  } else if (command == "read") {
    std::vector<uint8_t> bytes(static_cast<size_t>(std::stoll(names.at(2))));
    storage.open(names[0], Access::kInPlace)->read(std::stoll(names[1]), bytes);
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  } else if (command == "open") {
    for (const std::string& name : names) show(*storage.open(name));
  } else if (command == "unpack") {
    show(*storage.open_unpacked(names.at(0)));
  } else if (command == "stream") {
    show(*storage.stream(names.at(0)));
  } else {
    throw InternalError("no such command: " + command);
  }
}

}  // namespace
}  // namespace echelon::storage

int main(int count, char** values) {
  if (count < 7) return 2;
  echelon::storage::StorageSettings settings;
  settings.cache = {.folder = values[1], .max_gb = std::atof(values[2]) / 1e9};
  settings.retry = {.attempts = std::atoi(values[3]), .first_delay = 0.05, .time_limit = 30};
  settings.request_timeout = std::atof(values[4]);
  try {
    // Static, so that it outlives the S3 client, as may happen at the end of a program.
    static echelon::storage::Storage storage(settings);
    echelon::storage::run(storage, values[5], {values + 6, values + count});
  } catch (const echelon::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return static_cast<int>(error.exit_code());
  }
  return 0;
}
