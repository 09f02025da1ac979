// What the targets have in common.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "storage/random_access_file.h"

namespace echelon {

/// Ends the process, which is what a fuzzer takes notice of, where a property does not hold.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// The input as a file. Who reads beyond its end should have looked at size().
class Bytes : public storage::RandomAccessFile {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  const std::string& name() const override { return name_; }
  int64_t size() const override { return static_cast<int64_t>(size_); }
  std::string version() const override { return ""; }
  void read(int64_t offset, std::span<uint8_t> bytes) const override {
    require(offset >= 0 && static_cast<size_t>(offset) + bytes.size() <= size_);
    if (!bytes.empty()) std::memcpy(bytes.data(), data_ + offset, bytes.size());
  }

 private:
  std::string name_ = "fuzzed";
  const uint8_t* data_;
  size_t size_;
};

}  // namespace echelon
