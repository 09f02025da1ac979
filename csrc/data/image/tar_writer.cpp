#include "data/image/tar_writer.h"

#include <optional>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

constexpr size_t kBlock = 512, kNameField = 100, kPrefixField = 155;
constexpr uint64_t kLargestOctalSize = (uint64_t{1} << 33) - 1;  // eleven octal digits

/// A name in the two fields that ustar has for it, which a reader joins with a slash.
struct SplitName {
  std::string_view prefix, name;
};

std::optional<SplitName> split_name(std::string_view name) {
  if (name.size() <= kNameField) return SplitName{"", name};
  const size_t slash = name.find('/', name.size() - kNameField - 1);
  if (slash == name.npos || slash == 0 || slash > kPrefixField) return std::nullopt;
  return SplitName{name.substr(0, slash), name.substr(slash + 1)};
}

std::string header(const SplitName& name, uint64_t size, char type) {
  std::string block(kBlock, '\0');
  const auto put = [&](size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  put(0, name.name.substr(0, kNameField));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, str_format("{:011o}", size));
  put(136, "00000000000");
  put(148, "        ");  // the checksum counts its own field as blanks
  block[156] = type;
  put(257, std::string_view("ustar\0"
                            "00",
                            8));
  put(345, name.prefix);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<uint8_t>(c);
  put(148, str_format("{:06o}", sum) + std::string("\0 ", 2));
  return block;
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts the whole record, its own digits included.
std::string pax_record(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (std::to_string(length).size() + rest > length) ++length;
  return str_format("{} {}={}\n", length, key, value);
}

}  // namespace

void TarWriter::write(std::string_view bytes) {
  sink_(bytes);
  size_ += static_cast<int64_t>(bytes.size());
}

void TarWriter::write_padded(std::string_view bytes) {
  write(bytes);
  write(std::string((kBlock - bytes.size() % kBlock) % kBlock, '\0'));
}

TarEntry TarWriter::add(std::string_view name, std::string_view content) {
  if (name.empty() || name.ends_with('/') || name.find('\0') != name.npos)
    throw DataError(str_format("\"{}\" cannot be the name of a file in a tar archive", name));
  const int64_t offset = size_;
  const std::optional<SplitName> fitting = split_name(name);
  std::string records;
  if (!fitting) records += pax_record("path", name);
  if (content.size() > kLargestOctalSize) records += pax_record("size", std::to_string(content.size()));
  if (!records.empty()) {
    write(header({"", "PaxHeaders/entry"}, records.size(), 'x'));
    write_padded(records);
  }
  const uint64_t size = content.size() > kLargestOctalSize ? 0 : content.size();
  last_header_ = header(fitting.value_or(SplitName{"", name}), size, '0');
  write(last_header_);
  const int64_t data_offset = size_;
  write_padded(content);
  return {std::string(name), offset, data_offset, static_cast<int64_t>(content.size())};
}

void TarWriter::finish() {
  write(std::string(2 * kBlock, '\0'));
}

}  // namespace echelon::data
