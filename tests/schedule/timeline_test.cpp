#include "schedule/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "schedule/communication.h"
#include "schedule/make_schedule.h"

namespace echelon::schedule {
namespace {

using testing::HasSubstr;

Timeline run(const char* name, int p, int m) {
  const Schedule schedule = with_communication(make_schedule(name, p, m));
  return simulate(schedule, equal_costs(schedule.stages(), 1e-3, 1e-3, 1e-3));
}

TEST(TimelineText, DrawsToScale) {
  // 9 ms in 27 columns.
  EXPECT_EQ(timeline_text(run("1f1b", 2, 2), 27 + 8 + 15),
            "rank 0 |F0-F1-......B0----...B1----| idle  33.3 %\n"
            "rank 1 |...F0-B0----F1-B1----......| idle   0.0 %\n"
            "        0                      9 ms\n");
}

TEST(TimelineText, TellsStagesOfARankApart) {
  const std::string text = timeline_text(run("zb_v", 1, 1), 18 + 8 + 15);
  EXPECT_THAT(text, HasSubstr("|F0-f0-i0-w0-I0-W0-|"));
}

TEST(TimelineText, KeepsTheLetterWhereTheNumberDoesNotFit) {
  EXPECT_THAT(timeline_text(run("gpipe", 1, 5), 15 + 8 + 15), HasSubstr("|FFFFFB0B1B2B3B4|"));
}

TEST(TimelineText, ColoursDoNotChangeTheText) {
  const Timeline timeline = run("zb_v", 2, 4);
  const std::string coloured = timeline_text(timeline, 100, true);
  EXPECT_THAT(coloured, HasSubstr("\x1b["));
  EXPECT_EQ(std::regex_replace(coloured, std::regex("\x1b\\[[0-9;]*m"), ""), timeline_text(timeline, 100));
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(TimelineSvg, HasABoxAnAction) {
  const std::string svg = timeline_svg(run("zb_v", 2, 4), "zb_v <of> 2 & 4");
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr(">zb_v &lt;of&gt; 2 &amp; 4: "));
  // Two ranks, four micro-batches: each kind once a stage and micro-batch; the second stage of a rank is
  // paler.
  for (const char* kind : {"f", "f2", "i", "i2", "w", "w2"}) {
    const size_t in_legend = std::string(kind).size() == 1 ? 1 : 0;
    EXPECT_EQ(count(svg, std::string("<rect class=\"") + kind + "\""), 8 + in_legend) << kind;
  }
  EXPECT_EQ(count(svg, "<text class=\"n\""), 48U);
  EXPECT_EQ(count(svg, "<rect class=\"b\""), 0U);
  EXPECT_THAT(svg, HasSubstr("<title>3I0 4.000 - 5.000 ms</title>"));
}

TEST(TimelineSvg, MarksMilliseconds) {
  // 9 ms: ten ticks of 1 ms.
  const std::string svg = timeline_svg(run("1f1b", 2, 2), "1f1b");
  EXPECT_EQ(count(svg, "<text class=\"t\""), 10U);
  EXPECT_THAT(svg, HasSubstr(">9</text>"));
}

}  // namespace
}  // namespace echelon::schedule
