#include "table/column.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/memory_table.h"

namespace echelon::table {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Column, RowsAreAdded) {
  Column numbers = empty_column(ColumnType::kInt64);
  append_rows(numbers, integers({1, 2, 3, 4}), 1, 3);
  EXPECT_THAT(numbers.integers, ElementsAre(2, 3));
  EXPECT_THAT(numbers.valid, IsEmpty());
  append_rows(numbers, integers({5, 0}, {1, 0}), 0, 2);
  append_rows(numbers, integers({6}), 0, 1);
  EXPECT_THAT(numbers.integers, ElementsAre(2, 3, 5, 0, 6));
  EXPECT_THAT(numbers.valid, ElementsAre(1, 1, 1, 0, 1));
  EXPECT_EQ(numbers.rows, 5);
}

TEST(Column, RowsOfTextAndListsAreAdded) {
  Column words = empty_column(ColumnType::kString);
  append_rows(words, texts({"a", "bc", "def"}), 1, 3);
  append_rows(words, texts({"", "g"}), 0, 2);
  EXPECT_EQ(words.bytes, "bcdefg");
  EXPECT_THAT(words.offsets, ElementsAre(0, 2, 5, 5, 6));

  // [[1], [], [2, 3], [4]]
  const Column lists{
      .type = ColumnType::kList, .rows = 4, .offsets = {0, 1, 1, 3, 4}, .items = {integers({1, 2, 3, 4})}};
  Column some = empty_column(ColumnType::kList, ColumnType::kInt64);
  append_rows(some, lists, 1, 3);
  append_rows(some, lists, 3, 4);
  append_rows(some, lists, 0, 0);
  EXPECT_THAT(some.offsets, ElementsAre(0, 0, 2, 3));
  EXPECT_THAT(some.items[0].integers, ElementsAre(2, 3, 4));
  EXPECT_EQ(some.items[0].rows, 3);
}

}  // namespace
}  // namespace echelon::table
