#include "data/text/token_shard.h"

#include <xxhash.h>

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "data/text/mapped_content.h"

namespace echelon::data {
namespace {

static_assert(std::endian::native == std::endian::little, "shards are mapped as they lie on disk");

constexpr std::array<char, 8> kMagic{'E', 'C', 'H', 'T', 'O', 'K', 'E', 'N'};
constexpr uint32_t kVersion = 1;
constexpr int64_t kLargestVocabulary = int64_t{1} << 32;
constexpr uint64_t kHasTargets = 1;  // of Layout::flags

/// The header as it lies on disk.
struct Layout {
  std::array<char, 8> magic = kMagic;
  uint32_t version = kVersion;
  uint32_t token_bytes = 0;
  uint64_t tokens = 0;
  uint64_t vocabulary = 0;
  uint64_t checksum = 0;
  uint64_t documents = 0;
  uint64_t flags = 0;
  uint64_t reserved = 0;
};
static_assert(sizeof(Layout) == TokenShard::kHeaderSize);

/// Where what follows the tokens begins, counted from the end of the header.
struct Sections {
  uint64_t documents, targets, end;

  explicit Sections(const Layout& layout) {
    const uint64_t tokens_end = layout.tokens * layout.token_bytes;
    const bool more = layout.documents > 0 || layout.flags != 0;
    documents = more ? (tokens_end + 7) / 8 * 8 : tokens_end;
    targets = documents + layout.documents * sizeof(uint64_t);
    end = targets + (layout.flags & kHasTargets ? (layout.tokens + 7) / 8 : 0);
  }
};

Layout layout_of(const TokenShardHeader& header) {
  Layout layout;
  layout.token_bytes = static_cast<uint32_t>(header.token_bytes);
  layout.tokens = static_cast<uint64_t>(header.tokens);
  layout.vocabulary = static_cast<uint64_t>(header.vocabulary);
  layout.documents = static_cast<uint64_t>(header.documents);
  layout.flags = header.has_targets ? kHasTargets : 0;
  return layout;
}

TokenShardHeader parse(std::span<const std::byte> bytes, const std::string& name) {
  const auto fail = [&](const std::string& problem) {
    throw DataError(str_format("token shard {}: {}", name, problem));
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
  if (layout.reserved != 0 || (layout.flags & ~kHasTargets) != 0) fail("reserved header bytes are not zero");
  if (layout.vocabulary < 1 || layout.vocabulary > uint64_t{1} << (8 * layout.token_bytes)) {
    fail(str_format("a vocabulary of {} for tokens of {} bytes", layout.vocabulary, layout.token_bytes));
  }
  const uint64_t held = bytes.size() - sizeof layout;
  // Bounded first, so that nothing below overflows.
  if (layout.tokens > held || layout.documents > layout.tokens || Sections(layout).end != held) {
    fail(str_format(
        "the header says {} tokens of {} bytes in {} documents, which the {} bytes after it are not",
        layout.tokens, layout.token_bytes, layout.documents, held));
  }
  return {layout.token_bytes, static_cast<int64_t>(layout.tokens),    static_cast<int64_t>(layout.vocabulary),
          layout.checksum,    static_cast<int64_t>(layout.documents), (layout.flags & kHasTargets) != 0};
}

template <class Token>
void append_tokens(std::string& bytes, const std::vector<uint32_t>& tokens) {
  for (const uint32_t token : tokens) {
    const auto narrow = static_cast<Token>(token);
    bytes.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  }
}

}  // namespace

bool TokenShard::has_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

TokenShard::TokenShard(std::shared_ptr<const storage::RandomAccessFile> file) : name_(file->name()) {
  bytes_ = std::as_bytes(mapped_content(*file));
  owner_ = std::move(file);
  header_ = parse(bytes_, name_);
  check_documents();
}

TokenShard::TokenShard(std::string bytes, std::string name) : name_(std::move(name)) {
  const auto held = std::make_shared<const std::string>(std::move(bytes));
  bytes_ = std::as_bytes(std::span(*held));
  owner_ = held;
  header_ = parse(bytes_, name_);
  check_documents();
}

std::span<const std::byte> TokenShard::tokens() const {
  return bytes_.subspan(kHeaderSize, static_cast<size_t>(header_.tokens * header_.token_bytes));
}

std::span<const uint64_t> TokenShard::document_ends() const {
  // Aligned: a mapping and a string's memory are, and so are the sections.
  const std::byte* begin = bytes_.data() + kHeaderSize + Sections(layout_of(header_)).documents;
  return {reinterpret_cast<const uint64_t*>(begin), static_cast<size_t>(header_.documents)};
}

bool TokenShard::is_target(int64_t i) const {
  if (!header_.has_targets) return true;
  const std::byte* bits = bytes_.data() + kHeaderSize + Sections(layout_of(header_)).targets;
  return (std::to_integer<unsigned>(bits[i / 8]) >> (i % 8) & 1) != 0;
}

void TokenShard::check_documents() const {
  uint64_t last = 0;
  for (const uint64_t end : document_ends()) {
    if (end <= last)
      throw DataError(str_format("token shard {}: the ends of its documents do not rise", name_));
    last = end;
  }
  if (header_.documents > 0 && last != static_cast<uint64_t>(header_.tokens)) {
    throw DataError(
        str_format("token shard {}: its documents end at token {} of {}", name_, last, header_.tokens));
  }
}

void TokenShard::verify() const {
  if (header_.checksum == 0) return;
  const std::span<const std::byte> content = bytes_.subspan(kHeaderSize);
  const uint64_t found = XXH3_64bits(content.data(), content.size());
  if (found == header_.checksum) return;
  throw DataError(
      str_format("token shard {}: the checksum is {:016x}, the header says {:016x}: the file is corrupt",
                 name_, found, header_.checksum));
}

void TokenShardBuilder::add_document(std::span<const uint32_t> tokens, const std::vector<bool>& is_target) {
  if (tokens.empty()) return;
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  document_ends_.push_back(tokens_.size());
  has_targets_ = has_targets_ || !is_target.empty();
  if (is_target.empty()) {
    is_target_.resize(tokens_.size(), true);
  } else {
    is_target_.insert(is_target_.end(), is_target.begin(), is_target.end());
  }
}

std::string TokenShardBuilder::bytes(int64_t vocabulary, const std::string& name, size_t room) const {
  if (vocabulary < 1 || vocabulary > kLargestVocabulary)
    throw DataError(str_format("token shard {}: a vocabulary of {}", name, vocabulary));
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i] < vocabulary) continue;
    throw DataError(str_format("token shard {}: token {} at {} lies outside the vocabulary of {}", name,
                               tokens_[i], i, vocabulary));
  }
  const bool narrow = vocabulary <= 1 << 16;
  Layout layout = layout_of({.token_bytes = narrow ? 2 : 4,
                             .tokens = tokens(),
                             .vocabulary = vocabulary,
                             .documents = static_cast<int64_t>(document_ends_.size()),
                             .has_targets = has_targets_});
  if (layout.documents <= 1) layout.documents = 0;
  const Sections sections(layout);
  std::string shard;
  shard.reserve(sizeof layout + sections.end + room);
  shard.resize(sizeof layout);
  narrow ? append_tokens<uint16_t>(shard, tokens_) : append_tokens<uint32_t>(shard, tokens_);
  shard.resize(sizeof layout + sections.documents);
  if (layout.documents > 0) {
    shard.append(reinterpret_cast<const char*>(document_ends_.data()),
                 document_ends_.size() * sizeof(uint64_t));
  }
  shard.resize(sizeof layout + sections.end);
  for (size_t i = 0; has_targets_ && i < is_target_.size(); ++i) {
    if (is_target_[i]) shard[sizeof layout + sections.targets + i / 8] |= static_cast<char>(1 << (i % 8));
  }
  layout.checksum = XXH3_64bits(shard.data() + sizeof layout, sections.end);
  std::memcpy(shard.data(), &layout, sizeof layout);
  return shard;
}

void write_token_shard(const std::filesystem::path& path, std::span<const uint32_t> tokens,
                       int64_t vocabulary) {
  TokenShardBuilder shard;
  shard.add_document(tokens);
  write_file_atomically(path, shard.bytes(vocabulary, path.string()));
}

}  // namespace echelon::data
