// Arrow's IPC formats. golden/make_tables.py wrote the files with pyarrow; those of one name have the rows of
// the Parquet file of that name, whose values parquet_test.cpp checks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "storage/support/memory_store.h"
#include "table/expect_columns.h"
#include "table/table_file.h"

namespace echelon::table {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string golden(const std::string& name) {
  return read_file(fs::path(ECHELON_SOURCE_DIR) / "tests/table/golden" / name);
}

std::unique_ptr<TableFile> open_golden(const std::string& name, const TableOptions& options = {}) {
  return open_table(std::make_shared<storage::MemoryFile>(name, golden(name)), options);
}

std::vector<std::string> readable(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema)
    if (field.type != ColumnType::kUnsupported) names.push_back(field.name);
  return names;
}

/// What opening a file and reading all of it says; empty: nothing.
std::string refusal(const std::string& name, std::string content, const TableOptions& options = {}) {
  try {
    const auto file = open_table(std::make_shared<storage::MemoryFile>(name, std::move(content)), options);
    for (size_t block = 0; block < file->blocks().size(); ++block)
      file->read(static_cast<int64_t>(block), readable(file->schema()));
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr(name));
    return error.what();
  }
  return "";
}

TEST(IpcFile, HasTheRowsOfTheSameParquet) {
  const auto parquet = open_golden("types.parquet");
  for (const char* name : {"types.arrow", "types.arrows"}) {
    const auto file = open_golden(name);
    EXPECT_TRUE(file->stores_types());
    EXPECT_EQ(file->rows(), 12);
    ASSERT_EQ(names_of(file->schema()), names_of(parquet->schema()));
    ASSERT_EQ(file->blocks().size(), 3u);
    const std::vector<std::string> columns = readable(parquet->schema());
    for (int64_t block = 0; block < 3; ++block) {
      EXPECT_EQ(file->blocks()[static_cast<size_t>(block)].first_row, 5 * block);
      const auto actual = file->read(block, columns), expected = parquet->read(block, columns);
      for (size_t i = 0; i < columns.size(); ++i) {
        SCOPED_TRACE(str_format("{}, block {}, {}", name, block, columns[i]));
        expect_same_column(actual[i], expected[i]);
      }
    }
  }
}

TEST(IpcFile, ReadsOnlyWhatIsAskedForInItsOrder) {
  for (const char* name : {"types.arrow", "types.arrows"}) {
    const auto file = open_golden(name);
    const auto columns = file->read(1, std::vector<std::string>{"label", "image.path", "label"});
    EXPECT_THAT(columns[0].integers, ElementsAre(5, 6, 7, 8, 9));
    EXPECT_EQ(columns[1].text(1), "6.png");
    EXPECT_THAT(columns[2].integers, ElementsAre(5, 6, 7, 8, 9));
    EXPECT_TRUE(file->read(0, {}).empty());
    const auto refuse = [&](const char* column) {
      try {
        file->read(0, std::vector<std::string>{column});
      } catch (const DataError& error) {
        return std::string(error.what());
      }
      return std::string();
    };
    EXPECT_THAT(refuse("lable"), AllOf(HasSubstr(name), HasSubstr("did you mean \"label\"?")));
    EXPECT_THAT(refuse("pairs"), AllOf(HasSubstr("record batch 0 (rows 0 to 4)"), HasSubstr("pairs"),
                                       HasSubstr("not supported")));
  }
}

// A legacy stream has no mark before the sizes of its messages.
TEST(IpcFile, TellsTheFormatsApart) {
  for (const char* name : {"plain.arrow", "plain.arrows", "legacy.arrows"}) {
    for (const char* as : {"x.arrow", "x.feather", "x.ipc"}) EXPECT_EQ(refusal(as, golden(name)), "") << name;
    EXPECT_EQ(refusal("x.bin", golden(name), {.format = TableFormat::kArrow}), "");
  }
  EXPECT_EQ(refusal("x", golden("plain.arrow")), "");
  EXPECT_EQ(refusal("x", golden("plain.arrows")), "");
  EXPECT_EQ(open_golden("no_rows.arrow")->rows(), 0);
  EXPECT_EQ(open_golden("no_rows.arrows")->rows(), 0);
  EXPECT_EQ(open_golden("no_rows.arrows")->schema().size(), 20u);
  EXPECT_THAT(refusal("version_1.feather", golden("version_1.feather")), HasSubstr("Feather version 1"));
  EXPECT_NE(refusal("x.arrow", golden("plain.parquet")), "");
  EXPECT_THAT(refusal("x.arrow", ""), HasSubstr("is empty"));
}

// Batches 0 to 3 have "a", "c", "d", "e": a dictionary, another, one that a delta makes longer, another.
TEST(IpcFile, FollowsDictionariesThatChange) {
  const auto file = open_golden("dictionaries.arrows");
  ASSERT_EQ(file->blocks().size(), 4u);
  const std::string words = "acde";
  for (const int64_t block : {3, 0, 2, 1}) {
    const auto columns = file->read(block, std::vector<std::string>{"word", "other"});
    EXPECT_EQ(columns[0].text(0), words.substr(static_cast<size_t>(block), 1));
    EXPECT_EQ(columns[1].text(0), "x");
  }
}

TEST(IpcFile, ThreadsReadTogether) {
  for (const char* name : {"types.arrow", "types.arrows"}) {
    const auto file = open_golden(name);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 30; ++i) {
          const int64_t block = (i + t) % 3;
          const Column label = file->read(block, std::vector<std::string>{"label"})[0];
          EXPECT_EQ(label.integers[1], (5 * block + 1) % 10);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(IpcFile, RefusesWhatItCannotUse) {
  EXPECT_THAT(refusal("bad_utf8.arrow", golden("bad_utf8.arrow")),
              AllOf(HasSubstr("record batch 0 (rows 0 to 1): column \"text\""), HasSubstr("UTF8")));
  EXPECT_THAT(refusal("bomb.arrow", golden("bomb.arrow"), {.max_block_bytes = 1 << 20}),
              AllOf(HasSubstr("record batch 0"), HasSubstr("too much memory")));
  EXPECT_THAT(refusal("bomb.arrow", golden("bomb.arrow"), {.max_block_bytes = 40 << 20}),
              HasSubstr("more than 40.0 MiB, the limit"));
  EXPECT_EQ(open_golden("bomb.arrow")->read(0, std::vector<std::string>{"zeros"})[0].doubles.size(),
            1u << 23);
}

// The file format ends with its magic, a stream with the mark of its end.
TEST(IpcFile, RefusesEveryTruncation) {
  for (const char* name : {"plain.arrow", "plain.arrows", "legacy.arrows"}) {
    const std::string whole = golden(name);
    EXPECT_EQ(refusal("x.arrow", whole), "");
    for (size_t size = 0; size < whole.size(); ++size)
      EXPECT_NE(refusal("x.arrow", whole.substr(0, size)), "")
          << name << " " << size << " of " << whole.size();
  }
}

// Each byte becomes each of these, which makes lengths, counts and offsets zero, negative and very large.
// There are no checksums: values may change unseen.
TEST(IpcFile, SurvivesEveryByte) {
  for (const char* name : {"plain.arrow", "plain.arrows", "dictionaries.arrows"}) {
    const std::string whole = golden(name);
    int refused = 0;
    for (size_t i = 0; i < whole.size(); ++i) {
      for (const int value : {0x00, 0xff, 0x7f, 0x80, whole[i] ^ (1 << i % 8)}) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(value);
        refused += refusal("x.arrow", std::move(damaged), {.max_block_bytes = 1 << 26}).empty() ? 0 : 1;
      }
    }
    EXPECT_GT(refused, static_cast<int>(whole.size()) / 4) << name;
  }
}

// Those of every type, compressed.
TEST(IpcFile, SurvivesFlippedBits) {
  for (const char* name : {"types.arrow", "types.arrows"}) {
    const std::string whole = golden(name);
    int refused = 0;
    for (size_t i = 0; i < whole.size(); i += 3) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
      refused += refusal("x.arrow", std::move(damaged), {.max_block_bytes = 1 << 26}).empty() ? 0 : 1;
    }
    EXPECT_GT(refused, static_cast<int>(whole.size()) / 12) << name;
  }
}

}  // namespace
}  // namespace echelon::table
