#include "data/image/tar_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "data/support/tar_writer.h"
#include "storage/local_file.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

class TarWriterTest : public testing::Test {
 protected:
  TarEntry add(const std::string& name, const std::string& content) { return writer_.add(name, content); }

  std::string bytes_;
  TarWriter writer_{[this](std::string_view bytes) { bytes_ += bytes; }};
};

TEST_F(TarWriterTest, WritesUstarByteForByte) {
  add("a.txt", "alpha");
  add("empty", "");
  add("block", std::string(512, 'b'));
  const std::string entries =
      tar_entry("a.txt", "alpha") + tar_entry("empty", "") + tar_entry("block", std::string(512, 'b'));
  EXPECT_EQ(bytes_, entries);
  EXPECT_EQ(writer_.size(), static_cast<int64_t>(entries.size()));
  writer_.finish();
  EXPECT_EQ(bytes_, entries + tar_end());
}

TEST_F(TarWriterTest, DividesLongNamesAtASlash) {
  const std::string prefix(155, 'p'), name(100, 'n');
  add(prefix + "/" + name, "x");
  EXPECT_EQ(bytes_, raw_entry({.name = name, .prefix = prefix}, "x"));
}

// Names of every length around the limits of the two fields come back, and so do their offsets.
TEST_F(TarWriterTest, WhatItWritesIsRead) {
  std::vector<TarEntry> written;
  const auto content_of = [](size_t i) {
    return std::string(i * 37 % 1500, static_cast<char>('a' + i % 26));
  };
  std::vector<std::string> names;
  for (const size_t folder : {0, 1, 99, 100, 154, 155, 156, 300})
    for (const size_t base : {1, 99, 100, 101, 155, 156, 2000})
      names.push_back((folder > 0 ? std::string(folder, 'f') + "/" : "") + std::string(base, 'b'));
  for (size_t i = 0; i < names.size(); ++i) written.push_back(add(names[i], content_of(i)));
  writer_.finish();

  const TemporaryFolder folder;
  write_bytes(folder / "a.tar", bytes_);
  const storage::InputFile file(folder / "a.tar");
  TarReader reader(file);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto entry = reader.next();
    ASSERT_TRUE(entry) << i;
    EXPECT_EQ(entry->name, names[i]);
    EXPECT_EQ(reader.content(*entry, 1 << 20), content_of(i));
    EXPECT_EQ(written[i].name, names[i]);
    EXPECT_EQ(written[i].offset, entry->offset);
    EXPECT_EQ(written[i].data_offset, entry->data_offset);
    EXPECT_EQ(written[i].size, entry->size);
  }
  EXPECT_FALSE(reader.next());
}

TEST_F(TarWriterTest, RefusesNamesThatNoFileHas) {
  for (const std::string& name : {std::string(), std::string("folder/"), std::string("a\0b", 3)})
    EXPECT_THROW(add(name, "x"), DataError);
  EXPECT_EQ(bytes_, "");
}

}  // namespace
}  // namespace echelon::data
