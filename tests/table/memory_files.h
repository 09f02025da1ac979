// The files of a PartitionedWriter in memory, for tests.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "table/partitioned_writer.h"

namespace echelon::table {

struct MemoryFiles {
  std::map<std::string, std::string> committed;
  int64_t open = 0, most_open = 0;

  MakeTableFile maker() {
    return [this](const std::string& name) { return std::make_unique<File>(*this, name); };
  }

 private:
  class File final : public NewTableFile {
   public:
    File(MemoryFiles& files, std::string name) : files_(files), name_(std::move(name)) {
      files_.most_open = std::max(files_.most_open, ++files_.open);
    }
    ~File() override { --files_.open; }
    void write(std::span<const std::byte> bytes) override {
      content_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    void commit() override { files_.committed[name_] = content_; }

   private:
    MemoryFiles& files_;
    std::string name_, content_;
  };
};

}  // namespace echelon::table
