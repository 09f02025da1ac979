// Tables that are damaged, lie about their size or were made to do harm: refused with a DataError that names
// the file, in bounded memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "storage/support/memory_store.h"
#include "storage/unavailable_error.h"
#include "table/memory_table.h"
#include "table/table_file.h"
#include "table/table_writer.h"

namespace echelon::table {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// What opening a file and reading all of it says; empty: nothing.
std::string refusal(const std::string& name, std::string content, const TableOptions& options = {}) {
  try {
    const auto file = open_table(std::make_shared<storage::MemoryFile>(name, std::move(content)), options);
    std::vector<std::string> columns;
    for (const Field& field : file->schema())
      if (field.type != ColumnType::kUnsupported) columns.push_back(field.name);
    for (size_t block = 0; block < file->blocks().size(); ++block)
      file->read(static_cast<int64_t>(block), columns);
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr(name));
    return error.what();
  }
  return "";
}

std::string golden(const std::string& name) {
  return read_file(fs::path(ECHELON_SOURCE_DIR) / "tests/table/golden" / name);
}

/// Peak memory of the process so far, in MiB.
int64_t peak_memory() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss >> 10;
}

std::string written(const Schema& schema, const std::vector<Column>& columns) {
  std::string content;
  const auto sink = [&](std::span<const std::byte> bytes) {
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto writer = open_table_writer("x.parquet", schema, sink);
  writer->append(columns);
  writer->close();
  return content;
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kFreedMemoryIsKept = true;
#else
constexpr bool kFreedMemoryIsKept = false;
#endif

// Each byte becomes each of these, which makes lengths, counts and offsets zero, negative and very large.
TEST(BadTables, EveryByteOfParquetMayBeWrong) {
  const std::string whole = golden("plain.parquet");
  ASSERT_EQ(refusal("x.parquet", whole), "");
  const int64_t before = peak_memory();
  int refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int value : {0x00, 0xff, 0x7f, 0x80, whole[i] ^ 0x10}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(value);
      refused += refusal("x.parquet", std::move(damaged), {.max_block_bytes = 1 << 26}).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, static_cast<int>(whole.size()));
  EXPECT_LT(peak_memory() - before, kFreedMemoryIsKept ? 4096 : 512);
}

// 400 KB of text that 10,000 rows have in common take no more place than one: no size in the file tells.
TEST(BadTables, DictionariesAreNoBombs) {
  const Schema schema = {{.name = "text", .type = ColumnType::kString}};
  const std::string content =
      written(schema, {texts(std::vector<std::string>(1000, std::string(400'000, 'x')))});
  ASSERT_LT(content.size(), 100'000u);
  const int64_t before = peak_memory();
  EXPECT_THAT(refusal("x.parquet", content, {.max_block_bytes = 1 << 25}),
              AllOf(HasSubstr("row group 0"), HasSubstr("too much memory")));
  EXPECT_LT(peak_memory() - before, 256);
}

// A line with many members, then many without any: each of the columns would have a value for each line.
TEST(BadTables, MembersThatFewLinesHaveAreNoBombs) {
  std::string text = "{";
  for (int i = 0; i < 2000; ++i) text += str_format("\"m{}\": {}, ", i, i);
  text += "\"last\": 0}\n";
  for (int i = 0; i < 100'000; ++i) text += "{}\n";
  const int64_t before = peak_memory();
  EXPECT_THAT(refusal("x.jsonl", text, {.max_block_bytes = 1 << 27}), HasSubstr("too much memory"));
  EXPECT_LT(peak_memory() - before, 512);
}

TEST(BadTables, NestingHasAnEnd) {
  std::string objects, arrays = "{\"a\": ";
  for (int i = 0; i < 200'000; ++i) {
    objects += "{\"a\": ";
    arrays += "[";
  }
  EXPECT_THAT(refusal("x.jsonl", "{\"a\": \"[[\"}\n\n" + std::string(101, '[') + "\n"),
              HasSubstr("at line 3: it is nested"));
  EXPECT_NE(refusal("x.jsonl", objects + "1" + std::string(200'000, '}') + "\n"), "");
  EXPECT_NE(refusal("x.jsonl", arrays + "1" + std::string(200'000, ']') + "}\n"), "");
}

TEST(BadTables, NamesThatComeTwiceAreRefused) {
  EXPECT_THAT(refusal("x.csv", "a,b,a\n1,2,3\n"), HasSubstr("line 1: two columns are named \"a\""));
  EXPECT_THAT(refusal("x.jsonl", R"({"a.b": 1, "a": {"b": 2}})"), HasSubstr("two columns are named \"a.b\""));
  EXPECT_NE(refusal("x.jsonl", R"({"a": 1, "a": 2})"), "");
}

TEST(BadTables, RecordsHaveAnEnd) {
  const std::string line(1 << 21, 'x');
  const TableOptions options{.max_record_bytes = 1 << 20};
  EXPECT_THAT(refusal("x.csv", "a\n1\n" + line + "\n", options),
              HasSubstr("line 3 (offset 4): a record is longer"));
  EXPECT_THAT(refusal("x.csv", "a\n\"" + line, options), HasSubstr("line 2 (offset 2): a record is longer"));
  EXPECT_THAT(refusal("x.jsonl", "{\"a\": \"" + line + "\"}\n", options),
              HasSubstr("line 1 (offset 0): a record is"));
  EXPECT_THAT(refusal("x.csv", "a\n1\n\"2\n3\n"),
              HasSubstr("line 3 (offset 4): a quoted field does not end"));
}

TEST(BadTables, OtherEncodingsAreRefused) {
  // "a,b\n1,2\n" in UTF-16, and Latin-1.
  const std::string utf16(
      "\xff\xfe"
      "a\0,\0b\0\n\0"
      "1\0,\0"
      "2\0\n\0",
      18);
  EXPECT_NE(refusal("x.csv", utf16), "");
  EXPECT_THAT(refusal("x.csv", "name\nM\xfcller\n"), AllOf(HasSubstr("at line 2"), HasSubstr("UTF8")));
  EXPECT_NE(refusal("x.csv", "n\xe4me\n1\n"), "");
}

TEST(BadTables, NulBytesAreText) {
  const std::string csv("a,b\n1,x\0y\n", 10);
  const auto file = open_table(std::make_shared<storage::MemoryFile>("x.csv", csv), {});
  EXPECT_EQ(file->read(0, std::vector<std::string>{"b"})[0].text(0), std::string_view("x\0y", 3));
  EXPECT_THAT(refusal("x.csv", std::string("a,b\n1,x\n\0,y\n", 12), {.types = {{"a", ColumnType::kInt64}}}),
              HasSubstr("at line 3"));
  EXPECT_NE(refusal("x.jsonl", std::string("{\"a\": 1}\n\0\n", 11)), "");
}

TEST(BadTables, EmptyOnesAreNamed) {
  for (const char* name : {"x.csv", "x.jsonl", "x.parquet", "x"})
    EXPECT_THAT(refusal(name, ""), HasSubstr("is empty"));
  EXPECT_THAT(refusal("x.csv", "a,b\n"), HasSubstr("holds no rows"));
  EXPECT_THAT(refusal("x.jsonl", "\n\n"), HasSubstr("holds no rows"));
  EXPECT_THAT(refusal("x.parquet", "PAR1"), HasSubstr("x.parquet"));
}

/// A store that goes away before the read of that number.
class LeavingFile final : public storage::MemoryFile {
 public:
  LeavingFile(std::string name, std::string content, int reads)
      : MemoryFile(std::move(name), std::move(content)), reads_(reads) {}
  void read(int64_t offset, std::span<uint8_t> bytes) const override {
    if (reads >= reads_) throw storage::UnavailableError("the store is away");
    MemoryFile::read(offset, bytes);
  }

 private:
  int reads_;
};

/// Whether opening a file and reading all of it needs more than so many reads; then it must say why it ended.
bool leaves_after(const std::string& name, const std::string& content, int reads) {
  try {
    const auto file = open_table(std::make_shared<LeavingFile>(name, content, reads));
    std::vector<std::string> columns;
    for (const Field& field : file->schema()) columns.push_back(field.name);
    for (size_t block = 0; block < file->blocks().size(); ++block)
      file->read(static_cast<int64_t>(block), columns);
  } catch (const storage::UnavailableError& error) {
    EXPECT_STREQ(error.what(), "the store is away");
    return true;
  }
  return false;
}

TEST(BadTables, AStoreThatGoesAwayIsNoDamage) {
  for (const char* name : {"plain.parquet", "plain.arrow", "plain.arrows"}) {
    int reads = 0;
    while (reads < 1000 && leaves_after(name, golden(name), reads)) ++reads;
    EXPECT_GT(reads, 2) << name;
    EXPECT_LT(reads, 1000) << name;
  }
  EXPECT_TRUE(leaves_after("a.csv", "a,b\n1,2\n", 0));
  EXPECT_TRUE(leaves_after("a.jsonl", "{\"a\": 1}\n", 0));
}

}  // namespace
}  // namespace echelon::table
