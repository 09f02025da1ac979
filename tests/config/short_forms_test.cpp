#include "config/short_forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/sample_problems.h"

namespace echelon::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The sample with `more` behind it, which starts on line 7.
sample::Settings settings(std::string_view more) {
  return parse_sample(sample_text(more));
}

std::string problem(std::string_view more) {
  const auto lines = sample_problems(sample_text(more));
  EXPECT_EQ(lines.size(), 1u) << testing::PrintToString(lines);
  return lines.empty() ? "" : lines[0];
}

TEST(ShortForms, ACompactChoiceIsANameOrOneKey) {
  using sample::After;
  EXPECT_EQ(settings("stop: never\n").stop, sample::Stop(sample::Never{}));
  EXPECT_EQ(settings("stop: {never: {}}\n").stop, sample::Stop(sample::Never{}));
  EXPECT_EQ(settings("stop: {after: {steps: 3, repeats: 2}}\n").stop, sample::Stop(After{3, 2}));
  EXPECT_EQ(settings("stop:\n  after:\n    repeats: 2\n").stop, sample::Stop(After{50, 2}));
}

// The field's own default holds steps = 50, a fresh After 10.
TEST(ShortForms, WithoutSettingsTheDefaultsOfTheFieldHold) {
  for (const char* text : {"", "stop: after\n", "stop: {after: }\n", "stop: {after: {}}\n"})
    EXPECT_EQ(settings(text).stop, sample::Stop(sample::After{50, 1})) << text;
}

TEST(ShortForms, ADirectFieldStandsForItsSection) {
  EXPECT_EQ(settings("stop: {after: 3}\n").stop, sample::Stop(sample::After{3, 1}));
  EXPECT_EQ(settings("pause: 3\n").pause, (sample::After{3, 1}));
  const auto signal = std::get<sample::Signal>(settings("stop: {signal: read_test.cpp}\n").stop);
  EXPECT_THAT(signal.files, ElementsAre(InputPath{std::string(kSampleFolder) + "read_test.cpp"}));
  const auto value = parse_sample(
      "model: {name: sequential, layers: [residual: [relu, conv: {out: 3}]]}\ndata: {train: "
      "read_test.cpp}\n");
  EXPECT_EQ(std::get<sample::Sequential>(value.model).layers,
            std::vector<sample::Layer>{(sample::Residual{{sample::Relu{}, sample::Conv{3, 3}}})});
}

TEST(ShortForms, AnEmptyVariableIsNoValueOfAnOptional) {
  EXPECT_EQ(settings("pause: ${ECHELON_TEST_NONE:-}\n").pause, std::nullopt);
  EXPECT_EQ(settings("pause: ${ECHELON_TEST_NONE:-3}\n").pause, (sample::After{3, 1}));
}

TEST(ShortForms, AListMayBeItsOnlyItem) {
  EXPECT_THAT(settings("tags: a\n").tags, ElementsAre("a"));
  EXPECT_THAT(settings("tags: '1'\n").tags, ElementsAre("1"));
  EXPECT_THAT(settings("tags: [a, b]\n").tags, ElementsAre("a", "b"));
}

TEST(ShortForms, ProblemsOfChoicesShowWhereTheyStand) {
  EXPECT_EQ(
      problem("stop: afer\n"),
      "f.yaml:7:7: stop: 'afer' is not possible; did you mean 'after'; allowed: never, after or signal");
  EXPECT_EQ(
      problem("stop: {afer: 3}\n"),
      "f.yaml:7:8: stop: 'afer' is not possible; did you mean 'after'; allowed: never, after or signal");
  const std::string form =
      "stop: expected a name, or one name with its settings below it; allowed: never, after or signal";
  EXPECT_EQ(problem("stop: {never: {}, after: 3}\n"), "f.yaml:7:7: " + form);
  EXPECT_EQ(problem("stop: [after]\n"), "f.yaml:7:7: " + form);
  EXPECT_EQ(problem("stop:\n"), "f.yaml:7:1: " + form);
  EXPECT_EQ(problem("stop: {after: {step: 3}}\n"),
            "f.yaml:7:16: stop.after: unknown key 'step'; did you mean 'steps'?");
  EXPECT_EQ(problem("stop: {never: 3}\n"),
            "f.yaml:7:15: stop.never: expected a section of 'key: value' lines, found the number 3");
  EXPECT_EQ(problem("repeats: 3\n"),
            "f.yaml:7:1: unknown key 'repeats'; it belongs to 'stop.after' or 'pause'");
}

TEST(ShortForms, ProblemsOfDirectFieldsNameTheField) {
  EXPECT_EQ(problem("stop: {after: 0}\n"), "f.yaml:7:15: stop.after.steps: must be at least 1, is 0");
  EXPECT_EQ(problem("stop: {after: x}\n"),
            "f.yaml:7:15: stop.after.steps: expected an integer, found the text 'x'");
  EXPECT_EQ(problem("stop: {signal: gone}\n"), "f.yaml:7:16: stop.signal.files.0: there is no 'gone' (gone)");
  EXPECT_EQ(problem("stop: {signal: []}\n"), "f.yaml:7:16: stop.signal.files: needs at least 1 items, has 0");
  EXPECT_EQ(problem("stop: signal\n"), "f.yaml:7:7: missing required key 'stop.signal.files'");
  EXPECT_EQ(problem("stop: {signal: }\n"), "f.yaml:7:8: missing required key 'stop.signal.files'");
}

TEST(ShortForms, ProblemsOfListsNameTheItem) {
  EXPECT_EQ(problem("tags: 1\n"),
            "f.yaml:7:7: tags.0: expected text, found the number 1; write it in quotes: '1'");
  EXPECT_EQ(problem("tags: {a: b}\n"), "f.yaml:7:7: tags: expected a list, found a section");
  EXPECT_EQ(problem("tags:\n"), "f.yaml:7:1: tags: expected a list, found nothing");
}

TEST(ShortForms, ChecksBlameWhatStandsThere) {
  EXPECT_THAT(sample_problems(sample_text("tags: short\nstop: after\n")), IsEmpty());
  EXPECT_EQ(problem("tags: short\nstop: {after: {steps: 60}}\n"),
            "f.yaml:8:16: stop.after.steps: is too long for a short run");
  EXPECT_EQ(problem("tags: short\nstop: {after: 60}\n"),
            "f.yaml:8:8: stop.after.steps: is too long for a short run");
}

}  // namespace
}  // namespace echelon::config
