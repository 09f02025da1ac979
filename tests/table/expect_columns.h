// Columns compared value by value, in tests.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "table/column.h"

namespace echelon::table {

/// Numbers that are not numbers are the same; what stands for a missing value is, too.
inline void expect_same_column(const Column& actual, const Column& expected) {
  EXPECT_EQ(actual.type, expected.type);
  ASSERT_EQ(actual.rows, expected.rows);
  for (int64_t row = 0; row < expected.rows; ++row)
    EXPECT_EQ(actual.is_valid(row), expected.is_valid(row)) << row;
  EXPECT_EQ(actual.bools, expected.bools);
  EXPECT_EQ(actual.integers, expected.integers);
  EXPECT_EQ(actual.floats, expected.floats);
  ASSERT_EQ(actual.doubles.size(), expected.doubles.size());
  for (size_t i = 0; i < expected.doubles.size(); ++i)
    EXPECT_TRUE(actual.doubles[i] == expected.doubles[i] ||
                (std::isnan(actual.doubles[i]) && std::isnan(expected.doubles[i])))
        << i;
  EXPECT_EQ(actual.offsets, expected.offsets);
  EXPECT_EQ(actual.bytes, expected.bytes);
  ASSERT_EQ(actual.items.size(), expected.items.size());
  for (size_t i = 0; i < expected.items.size(); ++i) expect_same_column(actual.items[i], expected.items[i]);
}

}  // namespace echelon::table
