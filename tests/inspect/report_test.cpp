#include "inspect/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/format.h"
#include "inspect/label_counts.h"

namespace echelon::inspect {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Report, ShowsTheFirstProblemsAndCountsAll) {
  Report report("shard a.tar");
  report.row("samples", "3");
  EXPECT_EQ(report.text(), "shard a.tar\n  samples       3\n");
  for (int i = 0; i < 12; ++i) report.problem(str_format("problem {}", i));
  EXPECT_EQ(report.problems(), 12);
  EXPECT_THAT(report.text(), HasSubstr("damage: 12 problems\n  problem 0\n"));
  EXPECT_THAT(report.text(), HasSubstr("  problem 9\n  and 2 more\n"));
}

TEST(Distribution, IsThatOfTheNumbers) {
  Distribution distribution;
  EXPECT_EQ(distribution.text(), "none");
  distribution.add(7);
  EXPECT_EQ(distribution.text(), "7 to 7, median 7, mean 7.0, 95 % up to 7");
  Distribution hundred;
  for (int64_t i = 100; i >= 1; --i) hundred.add(i);
  EXPECT_EQ(hundred.text(), "1 to 100, median 50, mean 50.5, 95 % up to 95");
}

TEST(LabelCounts, NumbersComeBeforeOtherLabels) {
  LabelCounts counts;
  for (const char* label : {"1a", "10", "2"}) counts.add(label);
  Report report("");
  counts.report(report);
  const std::string text = report.text();
  EXPECT_LT(text.find(" 2  "), text.find(" 10  "));
  EXPECT_LT(text.find(" 10  "), text.find(" 1a  "));
}

TEST(LabelCounts, AreInOrderWhereTheyAreFew) {
  LabelCounts counts;
  for (const char* label : {"10", "2\n", " 2 ", "cat"}) counts.add(label);
  Report report("");
  counts.report(report);
  const std::string text = report.text();
  EXPECT_THAT(text, HasSubstr("3 different ones in .cls\n"));
  EXPECT_THAT(text, HasSubstr("             2          2  ########################################\n"));
  EXPECT_LT(text.find(" 2  "), text.find(" 10  "));
  EXPECT_LT(text.find(" 10  "), text.find(" cat  "));
}

TEST(LabelCounts, AreTheMostFrequentWhereTheyAreMany) {
  LabelCounts counts;
  for (int label = 0; label < 50; ++label) {
    for (int i = 0; i <= label; ++i) counts.add(str_format("c{}", label));
  }
  Report report("");
  counts.report(report);
  EXPECT_THAT(report.text(), HasSubstr("50 different ones in .cls, of which the 20 most frequent\n"));
  EXPECT_THAT(report.text(), HasSubstr("c49"));
  EXPECT_THAT(report.text(), HasSubstr("c30"));
  EXPECT_THAT(report.text(), Not(HasSubstr("c29")));
}

// Whatever labels are, they take bounded memory and no more than their line.
TEST(LabelCounts, AreBounded) {
  LabelCounts counts;
  for (int i = 0; i < 150'000; ++i) counts.add(str_format("{}{}", i, std::string(100, 'x')));
  Report report("");
  counts.report(report);
  EXPECT_THAT(report.text(), HasSubstr("more than 100000 different ones"));
  EXPECT_LT(report.text().size(), 4000);
}

}  // namespace
}  // namespace echelon::inspect
