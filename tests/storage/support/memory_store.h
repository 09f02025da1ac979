// An object store in memory, which can be told to fail.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "common/error.h"
#include "common/format.h"
#include "storage/file_system.h"
#include "storage/retry.h"

namespace echelon::storage {

class MemoryFile : public RandomAccessFile {
 public:
  MemoryFile(std::string name, std::string content) : name_(std::move(name)), content_(std::move(content)) {}

  const std::string& name() const override { return name_; }
  int64_t size() const override { return static_cast<int64_t>(content_.size()); }
  std::string version() const override { return str_format("{}", std::hash<std::string>()(content_)); }
  std::string md5() const override { return md5_; }
  void read(int64_t offset, std::span<uint8_t> bytes) const override {
    ++reads;
    if (failures > 0 && failures-- > 0) throw TransientError("the connection was reset");
    if (offset + static_cast<int64_t>(bytes.size()) > size())
      throw DataError(str_format("{} ends at offset {}", name_, size()));
    std::copy_n(content_.begin() + offset, bytes.size(), bytes.begin());
  }

  mutable std::atomic<int> failures = 0;  ///< reads that fail before one succeeds
  mutable std::atomic<int> reads = 0;
  std::string md5_;

 private:
  std::string name_;
  std::string content_;
};

class MemoryStore : public FileSystem, public FileSystems {
 public:
  std::map<std::string, std::string> objects;
  mutable int listed = 0, looked_up = 0;

  std::vector<FileInfo> list(const std::string& folder) const override {
    ++listed;
    std::map<std::string, FileInfo> found;
    for (const auto& [path, content] : objects) {
      if (!path.starts_with(folder + "/")) continue;
      const size_t end = path.find('/', folder.size() + 1);
      const std::string child = path.substr(0, end);
      found[child] = {child, end != path.npos, static_cast<int64_t>(content.size())};
    }
    std::vector<FileInfo> entries;
    for (const auto& [path, info] : found) entries.push_back(info);
    return entries;
  }

  std::optional<FileInfo> find(const std::string& path) const override {
    ++looked_up;
    const auto found = objects.find(path);
    if (found == objects.end()) return std::nullopt;
    return FileInfo{path, false, static_cast<int64_t>(found->second.size())};
  }

  std::shared_ptr<const RandomAccessFile> open(const std::string& path) const override {
    return std::make_shared<const MemoryFile>(path, objects.at(path));
  }

  const FileSystem& of(const Location& location) override { return *this; }
};

}  // namespace echelon::storage
