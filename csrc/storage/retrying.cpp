#include "storage/retrying.h"

#include "common/format.h"

namespace echelon::storage {
namespace {

class RetryingFile final : public RandomAccessFile {
 public:
  RetryingFile(std::shared_ptr<const RandomAccessFile> inner, RetryPolicy policy)
      : inner_(std::move(inner)), policy_(policy) {}

  const std::string& name() const override { return inner_->name(); }
  int64_t size() const override { return inner_->size(); }
  std::string version() const override { return inner_->version(); }
  std::string md5() const override { return inner_->md5(); }
  void read(int64_t offset, std::span<uint8_t> bytes) const override {
    retry(policy_, str_format("reading {} at offset {}", name(), offset),
          [&] { inner_->read(offset, bytes); });
  }

 private:
  std::shared_ptr<const RandomAccessFile> inner_;
  RetryPolicy policy_;
};

class RetryingFileSystem final : public FileSystem {
 public:
  RetryingFileSystem(std::unique_ptr<FileSystem> inner, RetryPolicy policy)
      : inner_(std::move(inner)), policy_(policy) {}

  std::string name_of(const std::string& path) const override { return inner_->name_of(path); }

  std::vector<FileInfo> list(const std::string& folder) const override {
    std::vector<FileInfo> found;
    retry(policy_, "listing " + name_of(folder), [&] { found = inner_->list(folder); });
    return found;
  }

  std::optional<FileInfo> find(const std::string& path) const override {
    std::optional<FileInfo> found;
    retry(policy_, "looking up " + name_of(path), [&] { found = inner_->find(path); });
    return found;
  }

  std::shared_ptr<const RandomAccessFile> open(const std::string& path) const override {
    std::shared_ptr<const RandomAccessFile> file;
    retry(policy_, "opening " + name_of(path), [&] { file = inner_->open(path); });
    return std::make_shared<const RetryingFile>(std::move(file), policy_);
  }

 private:
  std::unique_ptr<FileSystem> inner_;
  RetryPolicy policy_;
};

}  // namespace

std::unique_ptr<FileSystem> with_retries(std::unique_ptr<FileSystem> inner, RetryPolicy policy) {
  return std::make_unique<RetryingFileSystem>(std::move(inner), policy);
}

}  // namespace echelon::storage
