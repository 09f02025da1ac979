#include "data/image/tar_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "data/support/tar_writer.h"
#include "storage/local_file.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// "name=content" of every entry, or the message of the error that ended reading.
std::vector<std::string> listing(const std::filesystem::path& path) {
  std::vector<std::string> found;
  try {
    const storage::InputFile file(path);
    TarReader reader(file);
    while (const auto entry = reader.next())
      found.push_back(entry->name + "=" + reader.content(*entry, 1 << 20));
  } catch (const DataError& error) {
    found.push_back(std::string("error: ") + error.what());
  }
  return found;
}

class TarReaderTest : public testing::Test {
 protected:
  std::vector<std::string> read(const std::string& bytes) {
    write_bytes(folder_ / "a.tar", bytes);
    return listing(folder_ / "a.tar");
  }
  TemporaryFolder folder_;
};

TEST_F(TarReaderTest, ListsFilesAndPassesOverTheRest) {
  const std::string archive = raw_entry({.name = "folder/", .type = '5'}, "") +
                              tar_entry("folder/a.txt", "alpha") +
                              raw_entry({.name = "link", .type = '2'}, "") + tar_entry("empty", "") +
                              tar_entry("b.bin", std::string(1000, 'x')) + tar_end();
  EXPECT_THAT(read(archive), ElementsAre("folder/a.txt=alpha", "empty=", "b.bin=" + std::string(1000, 'x')));
}

TEST_F(TarReaderTest, ReadsLongNamesOfAllKinds) {
  const std::string long_name = std::string(150, 'd') + "/" + std::string(60, 'f');
  const std::string gnu =
      raw_entry({.name = "././@LongLink", .type = 'L', .magic = "ustar  "}, long_name + '\0') +
      tar_entry(long_name, "gnu");
  const std::string record = " path=" + long_name + "\n";
  const std::string pax =
      raw_entry({.name = "PaxHeaders/x", .type = 'x'}, "221" + record.substr(0)) + tar_entry("short", "pax");
  ASSERT_EQ(("221" + record).size(), 221);
  const std::string ustar =
      raw_entry({.name = std::string(60, 'f'), .prefix = std::string(150, 'd')}, "ustar");
  EXPECT_THAT(read(gnu + pax + ustar + tar_entry("plain", "after") + tar_end()),
              ElementsAre(long_name + "=gnu", long_name + "=pax", long_name + "=ustar", "plain=after"));
}

TEST_F(TarReaderTest, ReadsSizesInBase256AndInPaxHeaders) {
  std::string base256(12, '\0');
  base256[0] = static_cast<char>(0x80);
  base256[11] = 5;
  const std::string pax = raw_entry({.name = "x", .type = 'x'}, "10 size=4\n");
  EXPECT_THAT(read(raw_entry({.name = "a", .size_field = base256}, "alpha") + pax +
                   raw_entry({.name = "b", .size_field = "00000000000"}, "beta") + tar_end()),
              ElementsAre("a=alpha", "b=beta"));
}

TEST_F(TarReaderTest, GivesOffsetsToStartFrom) {
  const std::string long_name(150, 'n');
  write_bytes(folder_ / "a.tar", tar_entry("first", "1") +
                                     raw_entry({.name = "././@LongLink", .type = 'L'}, long_name + '\0') +
                                     tar_entry(long_name, "2") + tar_end());
  const storage::InputFile file(folder_ / "a.tar");
  TarReader reader(file);
  reader.next();
  const auto second = reader.next();
  EXPECT_EQ(second->offset, 1024);
  EXPECT_EQ(second->data_offset, 1024 + 1024 + 512);
  EXPECT_EQ(TarReader(file, second->offset).next()->name, long_name);
}

TEST_F(TarReaderTest, NamesWhatIsWrongAndWhere) {
  const std::string first = tar_entry("first", "1");
  const auto second_is = [&](const std::string& rest) { return read(first + rest).back(); };
  std::string broken = tar_entry("second", "2");
  broken[0] = 'S';
  EXPECT_THAT(second_is(broken + tar_end()),
              HasSubstr("a.tar, offset 1024: the checksum of the header is wrong"));
  EXPECT_THAT(
      second_is(raw_entry({.name = "second", .size_field = "00000002000"}, "2")),
      HasSubstr(
          "offset 1024: entry \"second\" claims 1024 bytes, but the file ends after 512: it is truncated"));
  EXPECT_THAT(second_is(raw_entry({.name = "second", .size_field = "77777777777"}, "2") + tar_end()),
              HasSubstr("claims 8589934591 bytes"));
  EXPECT_THAT(
      second_is(raw_entry({.name = "second", .size_field = std::string(12, '\xff')}, "2") + tar_end()),
      HasSubstr("malformed size"));
  EXPECT_THAT(second_is(raw_entry({.name = "second", .size_field = "0000000001x"}, "2") + tar_end()),
              HasSubstr("malformed size"));
  EXPECT_THAT(second_is(""), HasSubstr("offset 1024: the end-of-archive marker is missing"));
  EXPECT_THAT(second_is(raw_entry({.name = "x", .type = 'x'}, "99 path=a\n") + tar_end()),
              HasSubstr("malformed pax header"));
  EXPECT_THAT(
      second_is(raw_entry({.name = "x", .type = 'x'}, "11 size=-1\n") + tar_entry("a", "") + tar_end()),
      HasSubstr("malformed size"));
  EXPECT_THAT(second_is(raw_entry({.name = "x", .type = 'x'}, "24 GNU.sparse.size=1234\n") + tar_end()),
              HasSubstr("sparse"));
  EXPECT_THAT(second_is(raw_entry({.name = "x", .type = 'x'}, std::string(2 << 20, ' ')) + tar_end()),
              HasSubstr("an extended header of 2097152 bytes"));
  EXPECT_THAT(second_is(raw_entry({.name = "g", .type = 'g'}, std::string(2 << 20, ' ')) + tar_end()),
              HasSubstr("an extended header of 2097152 bytes"));
  std::string many;
  for (int i = 0; i < 5; ++i) many += raw_entry({.name = "link", .type = 'K'}, std::string(1 << 20, 'n'));
  EXPECT_THAT(second_is(many + tar_entry("a", "") + tar_end()),
              HasSubstr("offset 1024: extended headers of 4196352 bytes for one entry"));
  EXPECT_THAT(read("").back(), HasSubstr("a.tar, offset 0: the file is empty"));
  EXPECT_THAT(read(std::string(4096, 'x')).back(), HasSubstr("no tar archive"));
}

// Wherever a file is cut off, what comes before is read and the cut is reported.
TEST_F(TarReaderTest, ReportsEveryTruncation) {
  const std::string archive = tar_entry("a", std::string(700, 'a')) + tar_entry("b", "bb") + tar_end();
  const std::vector<std::string> whole = read(archive);
  const size_t end_marker = archive.size() - 1024;
  for (size_t length = 0; length < archive.size(); ++length) {
    const std::vector<std::string> cut = read(archive.substr(0, length));
    if (length >= end_marker + 512) {
      EXPECT_EQ(cut, whole);
      continue;
    }
    ASSERT_THAT(cut.back(), HasSubstr("error: ")) << length;
    for (size_t i = 0; i + 1 < cut.size(); ++i) EXPECT_EQ(cut[i], whole[i]);
  }
}

}  // namespace
}  // namespace echelon::data
