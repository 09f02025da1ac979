// The index beside a tar shard: docs/formats/tar-index.md is the specification of the bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/image/tar_index_layout.h"
#include "data/image/tar_reader.h"
#include "storage/storage.h"

namespace echelon::data {

inline constexpr std::string_view kTarIndexSuffix = ".index";
inline constexpr int64_t kLargestTarIndex = int64_t{1} << 30;  ///< bytes; some ten million samples

/// Where the index beside a shard lies, which is a name or a location.
storage::Location tar_index_of(const std::string& shard);

/// An index in memory, checked as a whole.
class TarIndexFile {
 public:
  /// A field, and its content where the index holds it.
  struct Item {
    TarEntry entry;
    std::optional<std::string_view> content;
  };

  /// Throws DataError that names `name` and says what is wrong with `bytes`.
  TarIndexFile(std::string bytes, std::string name);

  const std::string& name() const { return name_; }
  int64_t samples() const { return static_cast<int64_t>(samples_); }
  const ShardIdentity& shard() const { return shard_; }
  /// Where the content of the last field begins; 0: there is none.
  int64_t last_content() const { return last_content_; }

  /// The fields one after the other.
  class Cursor {
   public:
    explicit Cursor(const TarIndexFile& file) : file_(file), at_(file.first_sample_) {}
    std::optional<Item> next();

   private:
    const TarIndexFile& file_;
    size_t at_;
    std::string key_;
    uint16_t left_ = 0;  ///< fields of the sample
  };

 private:
  friend class Cursor;
  [[noreturn]] void fail(const std::string& problem) const;
  void read_header();
  void check_samples();

  std::string bytes_, name_;
  ShardIdentity shard_;
  uint64_t samples_ = 0, fields_ = 0;
  std::vector<std::string> extensions_;
  size_t first_sample_ = 0;
  int64_t last_content_ = 0;
};

/// The entries of a shard as its index has them. Content that the index does not hold is read from the shard,
/// which `open` opens when it is needed.
class IndexedEntries final : public TarEntries {
 public:
  using Open = std::function<std::shared_ptr<const storage::RandomAccessFile>()>;
  IndexedEntries(TarIndexFile file, std::string shard, Open open)
      : file_(std::move(file)), shard_(std::move(shard)), open_(std::move(open)), cursor_(file_) {}
  IndexedEntries(const IndexedEntries&) = delete;
  IndexedEntries& operator=(const IndexedEntries&) = delete;

  const std::string& name() const override { return shard_; }
  std::optional<TarEntry> next() override;
  std::string content(const TarEntry& entry, int64_t limit) override;

 private:
  TarIndexFile file_;
  std::string shard_;
  Open open_;
  TarIndexFile::Cursor cursor_;
  std::optional<std::string_view> content_;  ///< of the entry that was given out last
};

/// The index beside the shard `shard`, nothing where there is none, or where it does not fit the
/// shard or is damaged, which a warning says. At most one look-up where there is none; else two small reads.
std::optional<TarIndexFile> find_tar_index(storage::Storage& storage, const std::string& shard);

}  // namespace echelon::data
