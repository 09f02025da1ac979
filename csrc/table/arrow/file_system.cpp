#include "table/arrow/file_system.h"

#include <arrow/io/interfaces.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <atomic>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "storage/retry.h"
#include "table/arrow/status.h"

namespace echelon::table {
namespace {

using storage::FileInfo;
using storage::Location;

/// The quotes around an ETag are part of it.
std::string unquoted(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

/// Objects uploaded in parts have the ETag HASH-PARTS, which is no MD5 of the content.
bool looks_like_md5(const std::string& tag) {
  return tag.size() == 32 && tag.find_first_not_of("0123456789abcdef") == tag.npos;
}

/// A random byte at the end of a buffer, which reading overwrites. Arrow's S3 takes an answer that is shorter
/// than the range asked for as complete, and leaves the rest of the buffer alone.
class Canary {
 public:
  explicit Canary(std::span<uint8_t> bytes) : end_(bytes.back()) {
    static std::atomic<uint64_t> count = 0;
    mark_ = static_cast<uint8_t>(derive_key(++count, "canary"));
    end_ = mark_;
  }
  bool is_alive() const { return end_ == mark_; }

 private:
  uint8_t& end_;
  uint8_t mark_ = 0;
};

class ArrowFile final : public storage::RandomAccessFile {
 public:
  ArrowFile(std::shared_ptr<arrow::io::RandomAccessFile> file, const Location& location)
      : file_(std::move(file)), name_(location.text()), size_(require_from_store(file_->GetSize(), name_)) {
    std::string tag, modified;
    if (const auto metadata = require_from_store(file_->ReadMetadata(), name_)) {
      tag = unquoted(find(*metadata, "ETag"));
      modified = find(*metadata, "Last-Modified");
    }
    version_ = str_format("{}:{}:{}", size_, tag, tag.empty() ? modified : "");
    if (location.scheme == storage::Scheme::kS3 && looks_like_md5(tag)) md5_ = tag;
  }

  const std::string& name() const override { return name_; }
  int64_t size() const override { return size_; }
  std::string version() const override { return version_; }
  std::string md5() const override { return md5_; }

  void read(int64_t offset, std::span<uint8_t> bytes) const override {
    const auto wanted = static_cast<int64_t>(bytes.size());
    if (offset + wanted > size_)
      throw DataError(
          str_format("{} ends at offset {}; {} bytes from {} were expected", name_, size_, wanted, offset));
    if (wanted == 0) return;
    // The data may end with the same byte by chance, hardly twice.
    if (!read_once(offset, bytes) && !read_once(offset, bytes))
      throw storage::TransientError(str_format("fewer bytes came than the {} asked for", wanted));
  }

 private:
  /// False when less came than was asked for.
  bool read_once(int64_t offset, std::span<uint8_t> bytes) const {
    const Canary canary(bytes);
    const auto wanted = static_cast<int64_t>(bytes.size());
    const int64_t got = require_from_store(file_->ReadAt(offset, wanted, bytes.data()),
                                           str_format("{} at offset {}", name_, offset));
    return got == wanted && !canary.is_alive();
  }

  /// Names of metadata differ in case between stores.
  static std::string find(const arrow::KeyValueMetadata& metadata, std::string_view name) {
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    for (int64_t i = 0; i < metadata.size(); ++i) {
      const std::string& key = metadata.key(i);
      if (std::equal(key.begin(), key.end(), name.begin(), name.end(), same)) return metadata.value(i);
    }
    return "";
  }

  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::string name_;
  int64_t size_;
  std::string version_;
  std::string md5_;
};

class ArrowFileSystem final : public storage::FileSystem {
 public:
  ArrowFileSystem(std::shared_ptr<arrow::fs::FileSystem> system, const Location& location)
      : system_(std::move(system)), location_(location) {}

  std::string name_of(const std::string& path) const override { return location_.with_path(path).text(); }

  std::vector<FileInfo> list(const std::string& folder) const override {
    arrow::fs::FileSelector selector;
    selector.base_dir = folder;
    selector.allow_not_found = true;
    std::vector<FileInfo> found;
    for (const arrow::fs::FileInfo& info :
         require_from_store(system_->GetFileInfo(selector), "listing " + name_of(folder)))
      found.push_back(translate(info));
    std::sort(found.begin(), found.end(),
              [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    return found;
  }

  std::optional<FileInfo> find(const std::string& path) const override {
    const auto info = require_from_store(system_->GetFileInfo(path), "looking up " + name_of(path));
    if (info.type() == arrow::fs::FileType::NotFound) return std::nullopt;
    return translate(info);
  }

  std::shared_ptr<const storage::RandomAccessFile> open(const std::string& path) const override {
    const std::string name = name_of(path);
    return std::make_shared<const ArrowFile>(
        require_from_store(system_->OpenInputFile(path), "cannot open " + name), location_.with_path(path));
  }

 private:
  static FileInfo translate(const arrow::fs::FileInfo& info) {
    return {info.path(), info.IsDirectory(), std::max<int64_t>(0, info.size())};
  }

  std::shared_ptr<arrow::fs::FileSystem> system_;
  Location location_;
};

}  // namespace

std::unique_ptr<storage::FileSystem> wrap_file_system(std::shared_ptr<arrow::fs::FileSystem> system,
                                                      const Location& location) {
  return std::make_unique<ArrowFileSystem>(std::move(system), location);
}

}  // namespace echelon::table
