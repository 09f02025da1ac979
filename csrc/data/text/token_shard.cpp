#include "data/text/token_shard.h"

#include <xxhash.h>

#include <array>
#include <bit>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

static_assert(std::endian::native == std::endian::little, "shards are mapped as they lie on disk");

constexpr std::array<char, 8> kMagic{'E', 'C', 'H', 'T', 'O', 'K', 'E', 'N'};
constexpr uint32_t kVersion = 1;
constexpr int64_t kLargestVocabulary = int64_t{1} << 32;

/// The header as it lies on disk; what follows it is zero up to TokenShard::kHeaderSize.
struct Layout {
  std::array<char, 8> magic = kMagic;
  uint32_t version = kVersion;
  uint32_t token_bytes = 0;
  uint64_t tokens = 0;
  uint64_t vocabulary = 0;
  uint64_t checksum = 0;
  std::array<uint64_t, 3> reserved{};
};
static_assert(sizeof(Layout) == TokenShard::kHeaderSize);

TokenShardHeader parse(std::span<const std::byte> bytes, const std::string& path) {
  const auto fail = [&](const std::string& problem) {
    throw DataError(str_format("token shard {}: {}", path, problem));
  };
  if (!TokenShard::has_magic(bytes)) fail("it does not begin with ECHTOKEN: no token shard");
  if (bytes.size() < sizeof(Layout))
    fail(str_format("truncated within its header, at {} bytes", bytes.size()));
  Layout layout;
  std::memcpy(&layout, bytes.data(), sizeof layout);
  if (layout.version != kVersion)
    fail(str_format("version {}; this program reads version {}", layout.version, kVersion));
  if (layout.token_bytes != 2 && layout.token_bytes != 4)
    fail(str_format("tokens of {} bytes; 2 or 4", layout.token_bytes));
  if (layout.reserved != std::array<uint64_t, 3>{}) fail("reserved header bytes are not zero");
  if (layout.vocabulary < 1 || layout.vocabulary > uint64_t{1} << (8 * layout.token_bytes)) {
    fail(str_format("a vocabulary of {} for tokens of {} bytes", layout.vocabulary, layout.token_bytes));
  }
  const uint64_t held = bytes.size() - sizeof layout;
  if (held % layout.token_bytes != 0 || held / layout.token_bytes != layout.tokens) {
    fail(str_format("the header says {} tokens of {} bytes, the file holds {} bytes of them", layout.tokens,
                    layout.token_bytes, held));
  }
  return {layout.token_bytes, static_cast<int64_t>(layout.tokens), static_cast<int64_t>(layout.vocabulary),
          layout.checksum};
}

template <class Token>
std::string encode(std::span<const uint32_t> tokens, int64_t vocabulary, const fs::path& path) {
  std::string bytes(tokens.size() * sizeof(Token), '\0');
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= vocabulary) {
      throw DataError(str_format("token shard {}: token {} at {} lies outside the vocabulary of {}",
                                 path.string(), tokens[i], i, vocabulary));
    }
    const auto token = static_cast<Token>(tokens[i]);
    std::memcpy(bytes.data() + i * sizeof(Token), &token, sizeof token);
  }
  return bytes;
}

}  // namespace

bool TokenShard::has_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

TokenShard::TokenShard(const std::string& path) : file_(path), header_(parse(file_.bytes(), path)) {}

std::span<const std::byte> TokenShard::tokens() const {
  return file_.bytes().subspan(kHeaderSize);
}

void TokenShard::verify() const {
  if (header_.checksum == 0) return;
  const uint64_t found = XXH3_64bits(tokens().data(), tokens().size());
  if (found == header_.checksum) return;
  throw DataError(str_format(
      "token shard {}: the checksum of the tokens is {:016x}, the header says {:016x}: the file is corrupt",
      file_.path().string(), found, header_.checksum));
}

void write_token_shard(const fs::path& path, std::span<const uint32_t> tokens, int64_t vocabulary) {
  if (vocabulary < 1 || vocabulary > kLargestVocabulary) {
    throw DataError(str_format("token shard {}: a vocabulary of {}", path.string(), vocabulary));
  }
  const bool narrow = vocabulary <= 1 << 16;
  const std::string bytes =
      narrow ? encode<uint16_t>(tokens, vocabulary, path) : encode<uint32_t>(tokens, vocabulary, path);
  Layout layout;
  layout.token_bytes = narrow ? 2 : 4;
  layout.tokens = tokens.size();
  layout.vocabulary = static_cast<uint64_t>(vocabulary);
  layout.checksum = XXH3_64bits(bytes.data(), bytes.size());
  write_file_atomically(path, std::string(reinterpret_cast<const char*>(&layout), sizeof layout) + bytes);
}

}  // namespace echelon::data
