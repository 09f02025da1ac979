// A file in memory.
#pragma once

#include <cstring>
#include <string>

#include "storage/random_access_file.h"

namespace echelon::predict {

class MemoryFile final : public storage::RandomAccessFile {
 public:
  MemoryFile(std::string name, std::string bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {}
  const std::string& name() const override { return name_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  std::string version() const override { return "1"; }
  void read(int64_t offset, std::span<uint8_t> bytes) const override {
    std::memcpy(bytes.data(), bytes_.data() + offset, bytes.size());
  }

 private:
  std::string name_, bytes_;
};

}  // namespace echelon::predict
