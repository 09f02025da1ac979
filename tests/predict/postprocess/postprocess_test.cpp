#include "predict/postprocess/postprocess.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "common/error.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;
using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// Of two rows and three classes: softmax of (0, ln 2, ln 5) is (1, 2, 5) / 8, of (ln 2, 0, 0) (2, 1, 1) / 4.
at::Tensor some_logits() {
  const float two = std::log(2.0F), five = std::log(5.0F);
  return at::tensor({0.0F, two, five, two, 0.0F, 0.0F}).view({2, 3});
}

const ModelOutput kThree{.usual = PostprocessKind::kClass, .values = 3, .class_names = {"a", "b", "c"}};

Scores run(const PostprocessSettings& settings, const ModelOutput& output, const at::Tensor& rows) {
  const auto postprocess = make_postprocess(settings, output, "");
  Scores scores{.columns = postprocess->begin()};
  postprocess->append(rows, scores);
  EXPECT_EQ(scores.columns.size(), postprocess->outputs().size());
  for (const Column& column : scores.columns) EXPECT_EQ(column.rows, rows.size(0));
  return scores;
}

std::vector<std::string> texts(const Column& column) {
  std::vector<std::string> texts;
  for (int64_t row = 0; row < column.rows; ++row) texts.emplace_back(column.text(row));
  return texts;
}

std::string refusal(const PostprocessSettings& settings, const ModelOutput& output) {
  try {
    make_postprocess(settings, output, "");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Postprocess, TheMostProbableClass) {
  const Scores scores = run({}, kThree, some_logits());
  EXPECT_THAT(texts(scores.columns[0]), ElementsAre("c", "a"));
  EXPECT_THAT(scores.columns[1].floats, ElementsAre(FloatEq(5.0F / 8), FloatEq(0.5F)));
  EXPECT_THAT(scores.problems, IsEmpty());
  const Scores alone = run({.as = PostprocessKind::kArgmax}, {.values = 3}, some_logits());
  EXPECT_EQ(alone.columns.size(), 1);
  EXPECT_THAT(alone.columns[0].integers, ElementsAre(2, 0)) << "classes without names are numbers";
}

TEST(Postprocess, TheMostProbableClassesInTheirOrder) {
  const Scores scores = run({.as = PostprocessKind::kTopK, .top = 2}, kThree, some_logits());
  EXPECT_THAT(texts(scores.columns[0].items[0]), ElementsAre("c", "b", "a", "b"))
      << "of two that are as probable, the first";
  EXPECT_THAT(scores.columns[0].offsets, ElementsAre(0, 2, 4));
  EXPECT_THAT(scores.columns[1].items[0].floats,
              ElementsAre(FloatEq(5.0F / 8), FloatEq(2.0F / 8), FloatEq(0.5F), FloatEq(0.25F)));
}

TEST(Postprocess, ProbabilitiesOfAllClasses) {
  const Scores scores = run({.as = PostprocessKind::kSoftmax}, kThree, some_logits());
  EXPECT_THAT(scores.columns[0].items[0].floats,
              ElementsAre(FloatEq(1.0F / 8), FloatEq(2.0F / 8), FloatEq(5.0F / 8), FloatEq(0.5F),
                          FloatEq(0.25F), FloatEq(0.25F)));
}

TEST(Postprocess, LabelsThatDoNotExcludeEachOther) {
  const Scores scores = run({.as = PostprocessKind::kSigmoid}, kThree, some_logits());
  EXPECT_THAT(scores.columns[0].items[0].floats,
              ElementsAre(0.5F, FloatEq(2.0F / 3), FloatEq(5.0F / 6), FloatEq(2.0F / 3), 0.5F, 0.5F));
  const Scores one = run({.as = PostprocessKind::kSigmoid}, {.values = 1}, at::zeros({3, 1}));
  EXPECT_THAT(one.columns[0].floats, ElementsAre(0.5F, 0.5F, 0.5F));
}

TEST(Postprocess, NumbersInTheirUnit) {
  const ModelOutput output{.usual = PostprocessKind::kRegression, .values = 1, .scale = 10, .shift = 100};
  EXPECT_THAT(run({}, output, at::tensor({1.0F, -2.0F}).view({2, 1})).columns[0].doubles,
              ElementsAre(110, 80));
  const Scores several = run({.as = PostprocessKind::kRegression}, {.values = 2}, at::ones({1, 2}));
  EXPECT_THAT(several.columns[0].items[0].doubles, ElementsAre(1, 1));
}

TEST(Postprocess, VectorsAndRawOutputs) {
  const at::Tensor rows = at::tensor({3.0F, 4.0F}).view({1, 2});
  EXPECT_THAT(run({.as = PostprocessKind::kEmbedding, .normalise = true}, {.values = 2}, rows)
                  .columns[0]
                  .items[0]
                  .floats,
              ElementsAre(FloatEq(0.6F), FloatEq(0.8F)));
  EXPECT_THAT(run({.as = PostprocessKind::kEmbedding}, {.values = 2}, rows).columns[0].items[0].floats,
              ElementsAre(3, 4));
  const Scores raw = run({}, {}, at::arange(8, at::kFloat).view({2, 2, 2}));
  EXPECT_THAT(raw.columns[0].items[0].floats, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(raw.columns[0].offsets, ElementsAre(0, 4, 8)) << "further dimensions are taken as one";
}

TEST(Postprocess, RowsAreAppended) {
  const auto postprocess = make_postprocess({.as = PostprocessKind::kTopK, .top = 1}, kThree, "p_");
  Scores scores{.columns = postprocess->begin()};
  postprocess->append(some_logits(), scores);
  postprocess->append(some_logits().slice(0, 0, 1), scores);
  EXPECT_THAT(texts(scores.columns[0].items[0]), ElementsAre("c", "a", "c"));
  EXPECT_THAT(scores.columns[1].offsets, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(postprocess->outputs()[0].name, "p_classes");
  EXPECT_EQ(postprocess->outputs()[1].name, "p_probabilities");
}

TEST(Postprocess, WhatIsNotFiniteIsAProblemOfItsRow) {
  at::Tensor logits = some_logits();
  logits[1][2] = std::numeric_limits<float>::quiet_NaN();
  const auto postprocess = make_postprocess({}, kThree, "");
  Scores scores{.columns = postprocess->begin()};
  postprocess->append(some_logits(), scores);
  postprocess->append(logits, scores);
  EXPECT_THAT(scores.problems, ElementsAre(Pair(3, HasSubstr("not finite"))));
  EXPECT_THAT(run({.as = PostprocessKind::kRaw}, kThree, logits).problems, IsEmpty());
}

TEST(Postprocess, WhatDoesNotFitIsRefused) {
  EXPECT_THAT(refusal({.as = PostprocessKind::kTopK, .top = 4}, kThree),
              HasSubstr("more than the model's 3"));
  EXPECT_THAT(refusal({.class_names = {"x", "y"}}, kThree), HasSubstr("2 names, the model has 3 outputs"));
  EXPECT_THAT(refusal({.as = PostprocessKind::kRaw, .class_names = {"x"}}, kThree), HasSubstr("no effect"));
  EXPECT_THAT(refusal({.normalise = true}, kThree), HasSubstr("no embedding"));
  EXPECT_THROW(run({.as = PostprocessKind::kTopK, .top = 4}, {}, some_logits()), ConfigError)
      << "where it is not known before, when the model has run";
}

}  // namespace
}  // namespace echelon::predict
