#include "storage/storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file.h"
#include "storage/arrow_library.h"
#include "storage/download.h"
#include "storage/support/compress.h"
#include "storage/support/memory_store.h"
#include "temporary_folder.h"

namespace echelon::storage {
namespace {

using testing::HasSubstr;

std::string text_of(ByteStream& stream) {
  std::string text, buffer(1000, '\0');
  while (const size_t got = stream.read({reinterpret_cast<uint8_t*>(buffer.data()), buffer.size()}))
    text.append(buffer, 0, got);
  return text;
}

TEST(Storage, ReadsLocalFilesPackedOrNot) {
  const TemporaryFolder root;
  const std::string text(300'000, 'x');
  write_file_atomically(root / "plain.txt", text);
  write_file_atomically(root / "packed.txt.gz", gzip(text));
  write_file_atomically(root / "packed.txt.zst", zstd(text));
  write_file_atomically(root / "empty.txt", "");

  Storage storage({.cache = {.folder = (root / "cache").string()}});
  const std::vector<std::string> files = storage.expand({(root / "*.t*").string()});
  ASSERT_EQ(files.size(), 4u);
  for (const std::string& name : files) {
    const std::string expected = name.ends_with("empty.txt") ? "" : text;
    EXPECT_EQ(text_of(*storage.stream(name)), expected) << name;
    EXPECT_EQ(read_all(*storage.open_unpacked("file://" + name), 1 << 20), expected) << name;
  }
  EXPECT_EQ(read_all(*storage.open(files[1]), 1 << 20), gzip(text));
  EXPECT_THROW(storage.open((root / "absent").string()), DataError);
  EXPECT_THROW(storage.open(root.path().string()), DataError);
}

TEST(InputFile, MapsWhatItReads) {
  const TemporaryFolder root;
  write_file_atomically(root / "file", "0123456789");
  write_file_atomically(root / "empty", "");
  const InputFile file((root / "file").string());
  const auto bytes = file.mapped();
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "0123456789");
  EXPECT_EQ(file.mapped().data(), bytes.data());
  EXPECT_TRUE(InputFile((root / "empty").string()).mapped().empty());
  EXPECT_EQ(file.version(), InputFile((root / "file").string()).version());
  write_file_atomically(root / "file", "0123456780");
  EXPECT_NE(file.version(), InputFile((root / "file").string()).version());
}

// golden/make_streams.py wrote them with Python's gzip and zstandard: two members, and two frames around one
// to be skipped.
TEST(Storage, ReadsWhatOthersPacked) {
  const fs::path golden = fs::path(ECHELON_SOURCE_DIR) / "tests/storage/golden";
  const std::string lines = read_file(golden / "lines.jsonl");
  Storage storage;
  for (const char* name : {"lines.jsonl", "lines.jsonl.gz", "lines.jsonl.zst"})
    EXPECT_EQ(text_of(*storage.stream((golden / name).string())), lines) << name;
}

TEST(Storage, IsUnavailableWhereFilesInUseFillTheCache) {
  const TemporaryFolder root;
  for (const char* name : {"a.txt.gz", "b.txt.gz"})
    write_file_atomically(root / name, gzip(std::string(600'000, *name)));
  Storage storage({.cache = {.folder = (root / "cache").string(), .max_gb = 0.001}});
  auto first = storage.open_unpacked((root / "a.txt.gz").string());
  EXPECT_THROW(storage.open_unpacked((root / "b.txt.gz").string()), UnavailableError);
  first.reset();
  EXPECT_EQ(storage.open_unpacked((root / "b.txt.gz").string())->size(), 600'000);
}

TEST(Storage, NamesACompressedFileThatFillsTheCache) {
  const TemporaryFolder root;
  write_file_atomically(root / "bomb.tar.gz", gzip(std::string(20 << 20, '\0')));
  Storage storage({.cache = {.folder = (root / "cache").string(), .max_gb = 0.001}});
  try {
    storage.open_unpacked((root / "bomb.tar.gz").string());
    FAIL() << "20 MiB went into a cache of 1 MB";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("bomb.tar.gz cannot be unpacked: the data cache in "));
    EXPECT_THAT(error.what(), HasSubstr("allow it more"));
  }
  for (const auto& file : fs::directory_iterator(root / "cache"))
    EXPECT_EQ(file.path().filename(), "folder.lock");
}

TEST(Download, CopiesRangesAndComparesTheChecksum) {
  const TemporaryFolder root;
  LocalCache cache({(root / "cache").string(), int64_t{1} << 30});
  std::string content(20'000'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761u >> 13);
  MemoryFile file("s3://b/k", content);
  ContentCheck check;
  const auto fetch = [&] {
    return cache.get({"k", file.md5_, "copy"}, file.size(), [&](CacheWriter& writer) {
      download(file, writer);
      check.verify(file, writer);
    });
  };
  EXPECT_EQ(read_all(*fetch(), 1 << 30), content);
  EXPECT_EQ(file.reads, 3);  // of 8 MiB each
  file.md5_.assign(32, '0');
  EXPECT_THROW(fetch(), TransientError);
  EXPECT_EQ(read_all(*fetch(), 1 << 30), content) << "the same content twice is right, and the tag no MD5";
  file.md5_.assign(32, '1');
  file.failures = 1;
  EXPECT_THROW(fetch(), TransientError);
}

TEST(ArrowLibrary, SaysHowToGetIt) {
  try {
    open_arrow_library({"/absent/libechelon_arrow.so"});
    FAIL();
  } catch (const UnavailableError& error) {
    EXPECT_THAT(error.what(), HasSubstr("launch/bootstrap"));
  }
  const TemporaryFolder root;
  write_file_atomically(root / "libechelon_arrow.so", "not a library");
  EXPECT_THROW(open_arrow_library({root / "libechelon_arrow.so"}), UnavailableError);
}

}  // namespace
}  // namespace echelon::storage
