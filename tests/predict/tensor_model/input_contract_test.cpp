#include "predict/tensor_model/input_contract.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "common/error.h"
#include "predict/tensor_model/saved_models.h"

namespace echelon::predict {
namespace {

using testing::HasSubstr;
using Name = CheckedSize::Name;

constexpr CheckedSize kRows{.name = Name::kOwn}, kSameRows{};

InputContract contract(const std::vector<CheckedInput>& inputs) {
  return {generated_source(inputs), "model.pt2"};
}

std::string refusal(const std::string& source) {
  try {
    const InputContract made(source, "model.pt2");
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("model: model.pt2 "));
    return error.what();
  }
  return "";
}

std::string refusal(const std::vector<CheckedInput>& inputs) {
  return refusal(generated_source(inputs));
}

TEST(InputContract, TellsTypesSizesAndRows) {
  const InputContract made = contract(
      {{"float32",
        {{.least = 2, .most = 64, .stride = 3, .name = Name::kOwn}, {.least = 3, .most = 3, .stride = 1}}}});
  EXPECT_EQ(made.least_rows(), 2);
  EXPECT_EQ(made.most_rows(), 64);
  EXPECT_EQ(made.problem({at::zeros({500, 3})}, {"x"}), "") << "the rows are not its business";
  EXPECT_EQ(made.problem({at::zeros({2, 4})}, {"x"}), "dimension 1 of x is 3 there, not 4");
  EXPECT_EQ(made.problem({at::zeros({2, 3}, at::kLong)}, {"x"}),
            "x is float32 there, not int64 (tensors.x.type)");
  EXPECT_EQ(made.problem({at::zeros({2, 3, 1})}, {"x"}), "x has 2 dimensions there, not 3 (tensors.x.shape)");
  EXPECT_EQ(made.problem({at::zeros({2})}, {"x"}), "x has 2 dimensions there, not 1 (tensors.x.shape)");
}

TEST(InputContract, AFixedNumberOfRowsIsKnown) {
  const InputContract made = contract({{"int64", {{.least = 8, .most = 8, .stride = 1}}}});
  EXPECT_EQ(made.least_rows(), 8);
  EXPECT_EQ(made.most_rows(), 8);
}

TEST(InputContract, ALengthWithoutANameIsThatOfAnotherInput) {
  const CheckedSize length{.least = 2, .most = 128, .stride = 1, .name = Name::kOwn};
  const CheckedSize same{.least = 2, .most = 128, .stride = 1};
  const InputContract made = contract({{"int64", {kRows, length}}, {"bool", {kSameRows, same}}});
  const std::vector<std::string> names{"ids", "mask"};
  EXPECT_EQ(made.problem({at::zeros({4, 9}, at::kLong), at::zeros({4, 9}, at::kBool)}, names), "");
  EXPECT_EQ(made.problem({at::zeros({4, 9}, at::kLong), at::zeros({4, 7}, at::kBool)}, names),
            "dimension 1 of mask is 7, and must be as large as dimension 1 of ids, which is 9");
  EXPECT_EQ(made.problem({at::zeros({4, 129}, at::kLong), at::zeros({4, 129}, at::kBool)}, names),
            "dimension 1 of ids is 2 to 128 there, not 129");
}

TEST(InputContract, LengthsWithNamesAreFreeOfEachOther) {
  const CheckedSize length{.least = 2, .stride = 1, .name = Name::kOwn};
  const InputContract made = contract({{"int64", {kRows, length}}, {"int64", {kSameRows, length}}});
  EXPECT_EQ(made.problem({at::zeros({4, 9}, at::kLong), at::zeros({4, 7}, at::kLong)}, {"from", "to"}), "");
}

TEST(InputContract, ComputedSizesAreRefused) {
  EXPECT_THAT(refusal({{"float32", {{.least = 16, .stride = 1, .name = Name::kComputed}}}}),
              HasSubstr("an input_0 whose dimension 0 is computed from other sizes"));
  // Twice the length of the other has other bounds.
  EXPECT_THAT(refusal({{"float32", {kRows, {.least = 2, .most = 9, .stride = 1, .name = Name::kOwn}}},
                       {"float32", {kSameRows, {.least = 4, .most = 18, .stride = 1}}}}),
              HasSubstr("an input_1 whose dimension 1 is computed from other sizes"));
}

TEST(InputContract, EveryInputHasTheRows) {
  EXPECT_THAT(refusal({{"float32", {}}}), HasSubstr("an input_0 without dimensions"));
  EXPECT_THAT(refusal({{"float32", {kRows}}, {"float32", {{.least = 10, .most = 10, .stride = 1}}}}),
              HasSubstr("first dimension is 2 or more, and an input_1 where it is 10"));
}

TEST(InputContract, OtherOrdersInMemoryAreMade) {
  // channels_last: [rows, 2, 3] whose second dimension lies innermost.
  const InputContract made = contract({{"float32",
                                        {{.least = 1, .stride = 6, .name = Name::kOwn},
                                         {.least = 2, .most = 2, .stride = 1},
                                         {.least = 3, .most = 3, .stride = 2}}}});
  const at::Tensor tensor = at::arange(24, at::kFloat).view({4, 2, 3});
  const at::Tensor laid = made.laid_out(tensor, 0);
  EXPECT_TRUE(laid.equal(tensor));
  EXPECT_EQ(laid.strides(), (std::vector<int64_t>{6, 1, 2}));
  EXPECT_THAT(
      refusal({{"float32", {{.least = 1, .stride = 1, .name = Name::kOwn}, {.least = 2, .most = 2}}}}),
      HasSubstr("in an order that depends on their size"));
}

TEST(InputContract, WhatItDoesNotUnderstandIsRefused) {
  EXPECT_THAT(refusal("int main() {}"), HasSubstr("does not say what tensors it takes"));
  EXPECT_THAT(refusal("int main() {}"), HasSubstr("PyTorch 2.7 or newer"));
  EXPECT_THAT(refusal({{"complex64", {kRows}}}), HasSubstr("of type complex64, which no column becomes"));
  std::string source = generated_source({{"float32", {{.least = 2, .stride = 1, .name = Name::kOwn}}}});
  EXPECT_EQ(refusal(source), "");
  source.replace(source.find("arg0_1_size[0] < 2"), 18, "arg0_1_size[0] % 2");
  EXPECT_THAT(refusal(source), HasSubstr("is not understood here: if (arg0_1_size[0] % 2) {"));
  std::string untyped = generated_source({{"float32", {kRows}}});
  untyped.replace(untyped.find("int32_t arg0_1_expected_dtype"), 7, "auto   ");
  EXPECT_THAT(refusal(untyped), HasSubstr("does not say what input_0 is"));
  std::string elsewhere = generated_source({{"float32", {kRows}}});
  elsewhere.replace(elsewhere.find("device_type = 0"), 15, "device_type = 1");
  EXPECT_THAT(refusal(elsewhere), HasSubstr("tensors that are not on the CPU"));
}

}  // namespace
}  // namespace echelon::predict
