#include "config/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/random.h"
#include "config/sample_problems.h"

namespace echelon::config {
namespace {

sample::Settings full_settings() {
  sample::Settings s;
  s.run = "it's: \"7\" $HOME ${X} # é\n\ttab";
  s.global_batch = 1 << 20;
  s.tolerance = 0.1 + 0.2;
  sample::Residual residual{{sample::Conv{4, 1}, sample::Relu{}}};
  s.model = sample::Sequential{{sample::Conv{16, 5}, sample::Relu{}, residual}};
  sample_optim::AdamW adamw;
  adamw.lr = 5e-324;
  adamw.clip_norm = 1e21;
  adamw.betas = {0.8, 1.0 / 3.0};
  s.optimizer = adamw;
  s.data.train = {{"/dev/null"}, {"/dev/zero"}};
  s.data.note = "null";
  s.data.on_error = sample::OnError::kSkip;
  s.weights = {{"a b", 1}, {"true", 2}, {"", 3}, {"5", 4}, {"x.y: z", 0.25}};
  s.phases = {{"linear", 1, 2}, {"constant", 0, std::nullopt}};
  s.finish = sample_optim::Schedule{};
  s.stop = sample::Signal{{{"/dev/null"}}};
  s.pause = sample::After{2, 3};
  s.tags = {"5", "null"};
  return s;
}

TEST(Write, LoadsBackToAnEqualValue) {
  const sample::Settings s = full_settings();
  EXPECT_EQ(parse_sample(to_yaml(s)), s) << to_yaml(s);
}

TEST(Write, EveryAlternativeLoadsBack) {
  sample::Settings s = full_settings();
  for (const sample::Stop& stop :
       {sample::Stop(sample::Never{}), sample::Stop(sample::After{}), sample::Stop(sample::After{50, 2})}) {
    s.stop = stop;
    EXPECT_EQ(parse_sample(to_yaml(s)).stop, stop) << to_yaml(s);
  }
}

TEST(Write, AnyTextLoadsBack) {
  sample::Settings s = full_settings();
  RandomStream random(7);
  constexpr std::string_view kAlphabet = "a1 :#-?,[]{}&*!|>'\"%@`~$\\\n\t\r.e+_/<=\x01\x7f";
  for (int i = 0; i < 5000; ++i) {
    s.run.clear();
    for (uint64_t length = random.below(8); s.run.size() < length;)
      s.run += kAlphabet[random.below(kAlphabet.size())];
    s.weights = {{s.run, 1}};
    ASSERT_EQ(parse_sample(to_yaml(s)), s) << to_yaml(s);
  }
  for (const char* word :
       {"",  "null", "~",  "true", "No", "on",         "y",     "1",   "1e3",  ".inf", "0x1F",
        "-", "=",    "<<", "é",    "a:", "2024-01-01", "12:30", "- a", "a #b", " a",   "a "}) {
    s.run = word;
    ASSERT_EQ(parse_sample(to_yaml(s)).run, word) << to_yaml(s);
  }
}

TEST(Write, IsCompleteAndReadable) {
  sample::Settings s;
  s.model = sample::Sequential{{sample::Conv{16, 5}, sample::Relu{}}};
  s.data.train = {{"/dev/null"}};
  EXPECT_EQ(to_yaml(s), R"(run: first
global_batch: 32
micro_batch: 8
tolerance: 0.001
model:
  name: sequential
  layers:
    - conv:
        out: 16
        kernel: 5
    - relu
optimizer:
  name: sgd
  lr: 0.1
  clip_norm: null
  schedule:
    shape: cosine
    warmup: 100
    steps: null
  momentum: 0
  nesterov: false
data:
  train: [/dev/null]
  test: null
  note: ""
  on_error: fail
  bits: 16
weights: {}
phases: []
finish: null
stop:
  after:
    steps: 50
    repeats: 1
pause: null
tags: [none]
)");
}

TEST(Write, FloatsAreWrittenAsFloats) {
  sample::Settings s;
  s.model = sample::Mlp{{1}, 0.3f};
  EXPECT_NE(to_yaml(s).find("dropout: 0.3\n"), std::string::npos);
}

TEST(Write, ListsWhatDiffersFromTheDefaults) {
  sample::Settings s;
  EXPECT_THAT(changed_settings(s), testing::IsEmpty());
  s.run = "second";
  s.data.train = {{"/dev/null"}};
  std::get<sample_optim::Sgd>(s.optimizer).schedule.warmup = 5;
  s.finish = sample_optim::Schedule{};
  s.finish->warmup = 7;
  EXPECT_THAT(changed_settings(s), testing::ElementsAre("run: second", "optimizer.schedule.warmup: 5",
                                                        "data.train: [/dev/null]", "finish.warmup: 7"));
  sample_optim::AdamW adamw;
  adamw.lr = 1;
  s.optimizer = adamw;
  EXPECT_THAT(changed_settings(s),
              testing::ElementsAre("run: second", "optimizer.name: adamw", "optimizer.lr: 1",
                                   "data.train: [/dev/null]", "finish.warmup: 7"));
}

TEST(Write, ListsCompactChoicesThatDiffer) {
  const auto changes = [](sample::Stop stop) {
    sample::Settings s;
    s.stop = std::move(stop);
    return changed_settings(s);
  };
  EXPECT_THAT(changes(sample::After{50, 1}), testing::IsEmpty());
  EXPECT_THAT(changes(sample::After{50, 2}), testing::ElementsAre("stop.after.repeats: 2"));
  EXPECT_THAT(changes(sample::Never{}), testing::ElementsAre("stop: never"));
  EXPECT_THAT(changes(sample::Signal{{{"/dev/null"}}}),
              testing::ElementsAre("stop.signal.files: [/dev/null]"));
}

}  // namespace
}  // namespace echelon::config
