#include "train/report/evaluation_report.h"

#include <gmock/gmock.h>

#include <cmath>

#include "common/format.h"
#include "train/report/charts.h"
#include "train/report/text_width.h"

namespace echelon::train {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

EvaluationReport of_classes(int64_t classes) {
  metrics::ConfusionCounts counts(classes);
  std::vector<std::string> names;
  for (int64_t c = 0; c < classes; ++c) {
    for (int64_t i = 0; i <= c; ++i) counts.add(c, i % 3 == 2 ? 0 : c);
    names.push_back("<" + std::to_string(c) + "&>");
  }
  EvaluationReport report{.name = "a <run>", .checkpoint = "runs/a/checkpoints/step-00000007", .step = 7};
  report.samples = report.targets = counts.total();
  report.metrics = {{"accuracy", report_classes(counts).accuracy}, {"roc_auc", std::nan("")}};
  report.classes = ClassResults{.names = names, .counts = counts, .report = report_classes(counts)};
  for (int64_t c = 0; c < classes; ++c) {
    std::vector<metrics::ScoredSample> samples{{0.9F, true}, {0.5F, c % 2 == 0}, {0.1F, false}};
    report.classes->rankings.push_back({c, metrics::rank_samples(samples)});
  }
  report.worst.push_back(
      {.index = 5, .loss = 2.5, .truth = 1, .probability = 0.75, .place = "x.tar, sample \x01"});
  return report;
}

TEST(EvaluationReport, IsJsonWithALineForEachPart) {
  const std::string json = to_json(of_classes(3));
  EXPECT_THAT(json, HasSubstr("\"metrics\": {\"accuracy\":0.8333333333333334,\"roc_auc\":null}"));
  EXPECT_THAT(json, HasSubstr("\"confusion\": [[1,0,0],[0,2,0],[1,0,2]]"));
  EXPECT_THAT(json,
              HasSubstr("{\"class\":2,\"name\":\"<2&>\",\"support\":3,\"predicted\":2,\"precision\":1.0,"));
  EXPECT_THAT(json, HasSubstr("\"place\":\"x.tar, sample \\u0001\""));
  EXPECT_THAT(
      json, HasSubstr("\"true\":1,\"predicted\":0,\"true_probability\":0.0,\"predicted_probability\":0.75"));
}

TEST(EvaluationReport, IsAPageInItself) {
  const std::string page = to_html(of_classes(3));
  EXPECT_THAT(page, HasSubstr("a &lt;run&gt;: evaluation"));
  EXPECT_THAT(page, HasSubstr("&lt;2&amp;&gt; as &lt;0&amp;&gt;: 1 (33.3 %)"));
  for (const char* foreign : {"<script", "<link", "url(", "href", "@import", "\x01", "nan"})
    EXPECT_THAT(page, Not(HasSubstr(foreign)));
}

TEST(EvaluationReport, OfManyClassesShowsTheMostConfusedAndTheWorstCurves) {
  const std::string page = to_html(of_classes(31));
  EXPECT_THAT(page, Not(HasSubstr("confusion matrix")));
  EXPECT_THAT(page, HasSubstr("most confused classes"));
  EXPECT_THAT(
      page,
      HasSubstr("<td class=\"left\">&lt;29&amp;&gt;</td><td class=\"left\">&lt;0&amp;&gt;</td><td>10</td>"));
  EXPECT_THAT(page, HasSubstr("The 10 classes with the lowest average precision."));
  const std::string json = to_json(of_classes(101));
  EXPECT_THAT(json, HasSubstr("101 classes: the curves of more than 100 are not listed"));
  EXPECT_THAT(json, Not(HasSubstr("\"curves\": [")));
}

TEST(EvaluationReport, OfNumbersShowsPointsAndResiduals) {
  EvaluationReport report{.name = "numbers"};
  report.metrics = {{"rmse", 0.5}};
  report.numbers = NumberResults{.points = {{1, 1.5}, {2, 1.5}},
                                 .residuals = metrics::make_histogram(std::vector{0.5, -0.5}, -0.5, 0.5, 2)};
  report.worst.push_back({.index = 1, .loss = 0.25, .truth = 2, .predicted = 1.5});
  const std::string json = to_json(report), page = to_html(report);
  EXPECT_THAT(json, HasSubstr("\"points\": [[1.0,1.5],[2.0,1.5]]"));
  EXPECT_THAT(json, HasSubstr("\"residuals\": {\"low\":-0.5,\"high\":0.5,\"counts\":[1,1]}"));
  EXPECT_THAT(page, HasSubstr("<title>-0.5 to 0: 1</title>"));
  EXPECT_THAT(
      page,
      HasSubstr(
          "<td class=\"left\">1</td><td class=\"left\">2</td><td class=\"left\">1.5</td><td>0.2500</td>"));
}

TEST(EvaluationReport, SaysSmallAndLargeNumbersWithTheDigitsThatCount) {
  EvaluationReport report{.name = "numbers"};
  report.metrics = {{"a", 0.00001234}, {"b", 0},         {"c", 0.25},
                    {"d", 12345.678},  {"e", 123456789}, {"f", -2e-7}};
  const std::string page = to_html(report);
  for (const char* shown : {"1.23e-05", "0.0000", "0.2500", "12345.6780", "1.23457e+08", "-2e-07"})
    EXPECT_THAT(page, HasSubstr(str_format("<td>{}</td>", shown)));
}

TEST(EvaluationReport, OfTwoClassesSaysTheAreasOfTheOneCurve) {
  EvaluationReport report = of_classes(2);
  std::vector<metrics::ScoredSample> samples{{0.9F, true}, {0.5F, false}, {0.1F, true}};
  report.classes->rankings.clear();
  report.classes->rankings.push_back({1, metrics::rank_samples(samples)});
  EXPECT_THAT(to_html(report),
              HasSubstr("Of class &lt;1&amp;&gt;: ROC area 0.5000, average precision 0.8333."));
}

/// What stands behind `name="` in the first place.
double attribute(const std::string& markup, const std::string& name) {
  return std::stod(markup.substr(markup.find(name + "=\"") + name.size() + 2));
}

TEST(Charts, HaveRoomForNamesOfAnyLength) {
  metrics::ConfusionCounts counts(2);
  counts.add(0, 1);
  for (const std::string& name :
       {std::string("a"), std::string(24, 'W'), std::string("\xe6\xbc\xa2\xe5\xad\x97")}) {
    const double room = text_width(name);
    const std::string map = heat_map(counts, {name, name});
    EXPECT_GE(attribute(map, "width"), room + 2 * 48) << "beside the cells";
    EXPECT_GE(attribute(map, "height"), 0.86 * room + 2 * 48) << "below the cells, turned by 60 degrees";
    EXPECT_GE(attribute(map, "<text class=\"end\" x"), room) << "the name ends there";
    const std::string lines =
        line_chart({{name, {{0, 0}, {1, 1}}}, {"b", {}}}, {"x", "y"}, /*diagonal=*/false);
    EXPECT_THAT(lines, HasSubstr(str_format(">{}</text>", name)));
    EXPECT_GE(attribute(lines, "width"), 464 + 38 + room) << "beside the square, which ends at 464";
  }
}

TEST(TextWidth, CountsCharactersAndNotBytes) {
  EXPECT_EQ(text_width(""), 0);
  EXPECT_LT(text_width("illi"), text_width("noon"));
  EXPECT_LT(text_width("noon"), text_width("MWMW"));
  EXPECT_EQ(text_width("\xe6\xbc\xa2\xe5\xad\x97"), 2 * text_width("\xe6\xbc\xa2"));
}

TEST(Charts, PutNumbersInTheirPlaces) {
  const std::string chart = line_chart({{"one", {{0, 0}, {0.5, 1}, {1, 1}}}}, {"x", "y"}, /*diagonal=*/true);
  EXPECT_THAT(chart, HasSubstr("points=\"64.0,332.0 264.0,12.0 464.0,12.0\""));
  EXPECT_THAT(chart, HasSubstr("class=\"guide\" d=\"M64.0 332.0L464.0 12.0\""));
  EXPECT_THAT(chart, HasSubstr(">0.2</text>"));
}

}  // namespace
}  // namespace echelon::train
