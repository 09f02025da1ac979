#include "predict/tensor_model/tensor_input.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "common/error.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;
using testing::HasSubstr;

Column doubles(std::vector<double> values) {
  Column column = table::empty_column(ColumnType::kFloat64, ColumnType::kUnsupported);
  column.rows = std::ssize(values);
  column.doubles = std::move(values);
  return column;
}

/// Lists of the lengths 2, 0 and 3: 1 to 5.
Column lists() {
  Column column = table::empty_column(ColumnType::kList, ColumnType::kFloat64);
  column.items[0] = doubles({1, 2, 3, 4, 5});
  column.offsets = {0, 2, 2, 5};
  column.rows = 3;
  return column;
}

TEST(TensorInput, SeveralColumnsStandSideBySide) {
  const TensorInput input("x", {"a", "b"}, {});
  const Column a = doubles({1, 2, 3}), b = doubles({10, 20, 30});
  const std::vector<const Column*> columns{&a, &b};
  const std::vector<int64_t> rows{2, 0};
  EXPECT_TRUE(input.make(columns, rows).equal(at::tensor({3.0F, 30.0F, 1.0F, 10.0F}).view({2, 2})));
  EXPECT_TRUE(input.zeros(2).equal(at::zeros({2, 2})));
}

TEST(TensorInput, AListIsARow) {
  const TensorInput input("x", {"list"}, {.type = TensorType::kInt64, .shape = {{3, 1}}});
  const Column column = lists();
  const std::vector<const Column*> columns{&column};
  EXPECT_THAT(input.problem(columns, 0), HasSubstr("column \"list\": 2 values, and the model takes 3"));
  EXPECT_THAT(input.problem(columns, 1), HasSubstr("the list is empty"));
  EXPECT_EQ(input.problem(columns, 2), "");
  const std::vector<int64_t> rows{2};
  EXPECT_TRUE(input.make(columns, rows).equal(at::tensor({3, 4, 5}, at::kLong).view({1, 3, 1})));
}

TEST(TensorInput, WholeNumbersAreNotRounded) {
  const TensorInput input("x", {"a"}, {.type = TensorType::kInt32});
  const Column a = doubles({1.5, 0x1p31, -0x1p31});
  const std::vector<const Column*> columns{&a};
  EXPECT_THAT(input.problem(columns, 0), HasSubstr("1.5 is not a whole number that an int32 holds"));
  EXPECT_THAT(input.problem(columns, 1), HasSubstr("is not a whole number"));
  EXPECT_EQ(input.problem(columns, 2), "");
}

TEST(TensorInput, TheShapeHoldsTheColumns) {
  EXPECT_THROW(TensorInput("x", {"a", "b"}, {.shape = {{3}}}), ConfigError);
  EXPECT_THROW(TensorInput("x", {}, {}), ConfigError);
}

}  // namespace
}  // namespace echelon::predict
