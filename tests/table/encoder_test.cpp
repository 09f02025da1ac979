#include "table/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/error.h"
#include "table/encoder_file.h"
#include "table/memory_table.h"

namespace echelon::table {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// Four rows in two blocks; the class of row 3 and the number of row 1 are missing.
class EncoderTest : public testing::Test {
 protected:
  EncoderTest() {
    table_.add("age", {doubles({10, 20}), doubles({30, NAN})});
    table_.add("job", {texts({"nurse", "cook"}), texts({"cook", ""}, {1, 0})});
    table_.add("kind", {texts({"b", "a"}), texts({"b", ""}, {1, 0})});
    table_.add("pay", {doubles({100, 0}, {1, 0}), doubles({300, 200})});
  }
  FeatureEncoder learn(std::vector<FeatureSettings> features, TargetSettings target) const {
    FeatureFit fit(std::move(features), std::move(target));
    fit.add(table_, 0);
    fit.add(table_, 1);
    return FeatureEncoder(fit);
  }
  FeatureEncoder classes() const {
    return learn(
        {{.column = "age", .missing = Missing::kMean}, {.column = "job", .kind = FeatureKind::kCategorical}},
        {.column = "kind"});
  }
  template <class Action>
  static std::string refusal(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  MemoryTable table_;
};

TEST_F(EncoderTest, ClassesAreNumberedByTheirNames) {
  const FeatureEncoder encoder = classes();
  EXPECT_EQ(encoder.numbers(), 1);
  EXPECT_THAT(encoder.categories(), ElementsAre(3));
  EXPECT_EQ(encoder.classes(), 2);
  // Of 10, 20, 30 the mean is 20, the standard deviation √(200 / 3).
  const auto z = static_cast<float>(10 / std::sqrt(200.0 / 3));
  const EncodedRows rows = encoder.encode(table_, 0);
  EXPECT_THAT(rows.numbers, ElementsAre(-z, 0));
  EXPECT_THAT(rows.categories, ElementsAre(2, 1));
  EXPECT_THAT(rows.classes, ElementsAre(1, 0));
  EXPECT_THAT(rows.targets, IsEmpty());
}

TEST_F(EncoderTest, NumbersMayBeLearnedInStandardDeviations) {
  const std::vector<FeatureSettings> features = {{.column = "job", .kind = FeatureKind::kCategorical}};
  const FeatureEncoder plain = learn(features, {.column = "pay", .kind = TargetKind::kNumber});
  EXPECT_THAT(plain.encode(table_, 1).targets, ElementsAre(300, 200));
  EXPECT_EQ(plain.target()->training_mean, 200);
  const FeatureEncoder scaled =
      learn(features, {.column = "pay", .kind = TargetKind::kNumber, .standardise = true});
  const auto z = static_cast<float>(100 / std::sqrt(20000.0 / 3));  // of 100, 200, 300
  EXPECT_THAT(scaled.encode(table_, 1).targets, ElementsAre(z, 0));
  EXPECT_THAT(scaled.encode(table_, 1, /*inputs=*/false).categories, IsEmpty());
}

TEST_F(EncoderTest, BadRowsAreNotedOneByOne) {
  const FeatureEncoder encoder = classes();
  const EncodedRows rows = encoder.encode(table_, 1);
  EXPECT_THAT(rows.problems, ElementsAre(Pair(1, "column \"kind\": the target is missing")));
  EXPECT_EQ(rows.classes[0], 1) << "other rows are as they are";
  EXPECT_EQ(rows.categories[0], 1);
}

TEST_F(EncoderTest, WhatTrainingDidNotSee) {
  const FeatureEncoder encoder = classes();
  MemoryTable other;
  other.add("age", {doubles({20, 20, std::numeric_limits<double>::infinity()})});
  other.add("job", {texts({"pilot", "cook", "cook"})});
  other.add("kind", {texts({"a", "c", "a"})});
  const EncodedRows rows = other.rows() == 3 ? encoder.encode(other, 0) : EncodedRows{};
  EXPECT_THAT(rows.categories, ElementsAre(0, 1, 1)) << "an unknown category is 0";
  EXPECT_THAT(rows.problems,
              ElementsAre(Pair(1, HasSubstr("\"c\" is none of the 2 classes of the training data")),
                          Pair(2, HasSubstr("column \"age\": inf is not finite"))));
}

TEST_F(EncoderTest, TrainingDataMustBeFinite) {
  table_.add("age", {doubles({10, std::numeric_limits<double>::infinity()}), doubles({1, 2})});
  EXPECT_THAT(refusal([&] { classes(); }), HasSubstr("column \"age\" of the training data holds values"));
}

TEST_F(EncoderTest, AFileGivesTheSameBits) {
  for (const FeatureEncoder& encoder :
       {classes(),
        learn({{.column = "age", .kind = FeatureKind::kInteger, .missing = Missing::kFill, .fill = 0.1}},
              {.column = "pay", .kind = TargetKind::kNumber, .standardise = true})}) {
    const std::string text = render_encoder(encoder);
    const FeatureEncoder read = parse_encoder(text, "features.json");
    EXPECT_EQ(render_encoder(read), text);
    for (const int64_t block : {0, 1}) {
      const EncodedRows a = encoder.encode(table_, block);
      const EncodedRows b = read.encode(table_, block);
      EXPECT_EQ(a.numbers, b.numbers);
      EXPECT_EQ(a.categories, b.categories);
      EXPECT_EQ(a.classes, b.classes);
      EXPECT_EQ(a.targets, b.targets);
      EXPECT_EQ(a.problems, b.problems);
    }
    for (const EncodedFeature& feature : read.features())
      EXPECT_EQ(feature.number, encoder.features()[0].settings.column == feature.settings.column
                                    ? encoder.features()[0].number
                                    : encoder.features()[1].number);
  }
}

TEST_F(EncoderTest, TheFileSaysWhatItIs) {
  EXPECT_THAT(render_encoder(classes()),
              AllOf(HasSubstr("\"column\": \"age\""), HasSubstr("\"mean\": 20.0"),
                    HasSubstr("\"categories\": [\n        \"cook\",\n        \"nurse\"\n      ]"),
                    HasSubstr("\"classes\": [\n      \"a\",\n      \"b\"\n    ]")));
  const auto problem = [](const std::string& text) {
    return refusal([&] { parse_encoder(text, "features.json"); });
  };
  EXPECT_THAT(problem("{"), HasSubstr("features.json"));
  EXPECT_THAT(problem("{}"), HasSubstr("features.json: is no file of features"));
  EXPECT_THAT(problem(R"({"format": "echelon features", "format_version": 9, "features": []})"),
              HasSubstr("has version 9"));
  EXPECT_THAT(problem(R"({"format": "echelon features", "format_version": 1, "features": [{"column": "x",)"
                      R"( "type": "wide"}]})"),
              HasSubstr("\"wide\" is unknown"));
}

TEST_F(EncoderTest, SettingsThatContradictAFileAreNamed) {
  const FeatureEncoder encoder = classes();
  std::vector<FeatureSettings> features = {{.column = "age", .missing = Missing::kMean},
                                           {.column = "job", .kind = FeatureKind::kCategorical}};
  EXPECT_EQ(find_contradiction(encoder, features, {.column = "kind"}), "");
  EXPECT_EQ(find_contradiction(encoder, {}, {.column = "kind"}), "") << "every column: those of the file";
  EXPECT_EQ(find_contradiction(encoder, features, {.column = "pay"}),
            "the target's column is pay, and was kind");
  features[0].standardise = false;
  EXPECT_EQ(find_contradiction(encoder, features, {.column = "kind"}),
            "of \"age\" standardise is false, and was true");
  features.erase(features.begin());
  EXPECT_EQ(find_contradiction(encoder, features, {.column = "kind"}),
            "the features are job, and were age, job");
}

}  // namespace
}  // namespace echelon::table
