#include "table/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "table/memory_table.h"

namespace echelon::table {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

TEST(Statistics, AgreeWithTheDefinition) {
  RandomStream random(1);
  std::vector<double> values;
  Statistics merged;
  for (int part = 0; part < 10; ++part) {
    std::vector<double> some;
    for (uint64_t i = random.below(50); i > 0; --i) some.push_back(1e6 + random.normal());
    values.insert(values.end(), some.begin(), some.end());
    Statistics statistics;
    statistics.add(doubles(some));
    merged.merge(Statistics::unpack(statistics.pack()));
  }
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(merged.mean(), mean, 1e-8);
  EXPECT_NEAR(merged.standard_deviation(), std::sqrt(squares / static_cast<double>(values.size())), 1e-8);
  EXPECT_EQ(merged.min(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(merged.max(), *std::max_element(values.begin(), values.end()));
  EXPECT_EQ(merged.count(), static_cast<int64_t>(values.size()));
}

TEST(Statistics, LeaveMissingValuesOut) {
  Statistics statistics;
  statistics.add(doubles({1, NAN, 99, 3}, {1, 1, 0, 1}));
  EXPECT_EQ(statistics.count(), 2);
  EXPECT_EQ(statistics.missing(), 2);
  EXPECT_EQ(statistics.mean(), 2);
  EXPECT_EQ(statistics.standard_deviation(), 1);
  EXPECT_THROW(statistics.add(texts({"x"})), DataError);
}

TEST(Vocabulary, IsSortedByValueWhateverTheOrder) {
  VocabularyBuilder a, b, c;
  a.add(texts({"pear", "fig", "", "fig"}, {1, 1, 0, 1}));
  b.add(texts({"apple", "pear"}));
  c.merge(VocabularyBuilder::unpack(b.pack()));
  c.merge(a);
  a.merge(b);
  for (const VocabularyBuilder& builder : {a, c}) {
    const Vocabulary all = builder.finish();
    EXPECT_THAT(all.values(), ElementsAre("apple", "fig", "pear"));
    EXPECT_EQ(all.size(), 4);
    EXPECT_EQ(all.id_of("apple"), 1);
    EXPECT_EQ(all.id_of("plum"), Vocabulary::kUnknown);
    EXPECT_THAT(builder.finish(2).values(), ElementsAre("fig", "pear"));
    EXPECT_THAT(builder.finish(1, 1).values(), ElementsAre("fig")) << "as frequent as pear, and before it";
  }
}

TEST(Vocabulary, SortsNumbersAsNumbers) {
  VocabularyBuilder builder;
  builder.add(integers({10, 9, -3, 10}));
  builder.add(doubles({100}));
  EXPECT_THAT(builder.finish().values(), ElementsAre("-3", "9", "10", "100"));
  EXPECT_THROW(builder.add(doubles({0.5})), DataError);
}

TEST(Features, EncodeRows) {
  MemoryTable table;
  table.add("age", {doubles({10, 0}, {1, 0}), doubles({20, 30})});
  table.add("job", {texts({"cook", "nurse"}), texts({"cook", ""}, {1, 0})});
  table.add("rooms", {integers({3, 0}, {1, 0}), integers({1, 2})});
  const std::vector<FeatureSettings> settings = {
      {.column = "age", .missing = Missing::kMean, .standardise = true},
      {.column = "job", .kind = FeatureKind::kCategorical},
      {.column = "rooms", .missing = Missing::kFill, .fill = -1, .standardise = false},
      {.column = "rooms",
       .kind = FeatureKind::kInteger,
       .missing = Missing::kFill,
       .fill = 9,
       .standardise = false}};
  FeatureFit first(settings), second(settings);
  first.add(table, 0);
  second.add(table, 1);
  first.merge_packed(second.pack());
  const FeatureEncoder encoder(first);
  EXPECT_THAT(encoder.categories(), ElementsAre(3));

  // Of 10, 20, 30 the mean is 20, the standard deviation √(200 / 3).
  const float z = static_cast<float>(-10 / std::sqrt(200.0 / 3));
  const EncodedRows rows = encoder.encode(table, 0);
  EXPECT_EQ(rows.rows, 2);
  EXPECT_THAT(rows.numbers, ElementsAre(z, 3, 3, 0, -1, 9));
  EXPECT_THAT(rows.categories, ElementsAre(1, 2));
  EXPECT_THAT(encoder.encode(table, 1).numbers, ElementsAre(0, 1, 1, -z, 2, 2));
  EXPECT_THAT(encoder.encode(table, 1).categories, ElementsAre(1, 0));
}

TEST(Features, KeepDatesPrecise) {
  MemoryTable table;
  Column column = integers({1709121600000000, 1709121601000000});
  column.type = ColumnType::kTimestamp;
  table.add("when", {column});
  FeatureFit fit({{.column = "when", .standardise = true}});
  fit.add(table, 0);
  EXPECT_THAT(FeatureEncoder(fit).encode(table, 0).numbers,
              ElementsAre(testing::FloatNear(-1, 1e-3), testing::FloatNear(1, 1e-3)));
  EXPECT_NEAR(number_at(column, 0), 19781.5, 1e-9);  // days from 1970-01-01 to 2024-02-28 12:00
}

TEST(Features, NoteTheRowThatDoesNotFit) {
  MemoryTable table;
  table.add("x", {doubles({1, 2}), doubles({0.5, 0}, {1, 0})});
  const auto problems = [&](FeatureSettings settings) {
    return FeatureEncoder(FeatureFit({std::move(settings)})).encode(table, 1).problems;
  };
  EXPECT_THAT(problems({.column = "x"}),
              ElementsAre(Pair(1, StartsWith("column \"x\": the value is missing"))));
  EXPECT_THAT(problems({.column = "x", .kind = FeatureKind::kInteger, .missing = Missing::kFill}),
              ElementsAre(Pair(0, "column \"x\": 0.5 is not a whole number; make the feature a float")));
  EXPECT_THAT(problems({.column = "x", .missing = Missing::kFill}), IsEmpty());
}

}  // namespace
}  // namespace echelon::table
