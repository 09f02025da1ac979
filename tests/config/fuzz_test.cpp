// Random damage to sound texts: the parser answers, with a value or with problems, and never otherwise.
#include <gtest/gtest.h>

#include <array>

#include "common/random.h"
#include "config/sample_problems.h"
#include "config/time_limit.h"

namespace echelon::config {
namespace {

constexpr std::array<std::string_view, 3> kTexts = {
    R"(# comment
run: "a \u00e9 b" # more
model:
  name: sequential
  layers:
    - conv: {out: 32, kernel: 3}
    - relu
    - residual: {layers: [relu, conv: {out: 8}]}
    - residual: [relu]
optimizer: &o {name: adamw, lr: 3e-4, betas: [0.9, 0.99], schedule: {steps: 500, warmup: 1}}
data: {train: [sample_settings.h], on_error: skip}
stop: {after: 3}
tags: a
)",
    R"(base: &base
  shape: linear
  warmup: 3
phases:
  - <<: *base
    steps: 10
  - {<<: [*base], shape: "cosine"}
weights: {a: 1.5, 'b': .5, ? c : 2}
run: >-
  folded
  text
tolerance: ${ECHELON_TEST_NONE:-0.5}
stop: after
)",
    R"(%YAML 1.2
---
data:
  note: |
    block
      text
  train:
  - "*.cpp"
model: {name: mlp, widths: [1, 2, 3], dropout: 0}
finish: ~
stop: {after: {steps: 2}}
...
)"};

constexpr std::array<std::string_view, 32> kPieces = {"\n",
                                                      "  ",
                                                      "\t",
                                                      ":",
                                                      ": ",
                                                      "- ",
                                                      "? ",
                                                      "[",
                                                      "]",
                                                      "{",
                                                      "}",
                                                      ",",
                                                      "&a ",
                                                      "*a",
                                                      "*base",
                                                      "<<: ",
                                                      "!",
                                                      "!!str ",
                                                      "|",
                                                      ">",
                                                      "'",
                                                      "\"",
                                                      "#",
                                                      "%",
                                                      "---\n",
                                                      "...\n",
                                                      "${",
                                                      "$",
                                                      "\\",
                                                      "\xff",
                                                      std::string_view("\0", 1),
                                                      "~"};

void damage(std::string& text, RandomStream& random) {
  const size_t at = random.below(text.size() + 1);
  const size_t length = std::min<size_t>(random.below(12), text.size() - at);
  switch (random.below(5)) {
    case 0:
      text.erase(at, length);
      break;
    case 1:
      text.insert(at, kPieces[random.below(kPieces.size())]);
      break;
    case 2:
      text.insert(random.below(text.size() + 1), text.substr(at, random.below(80)));
      break;
    case 3:
      text.replace(at, length, kPieces[random.below(kPieces.size())]);
      break;
    default:
      if (at < text.size()) text[at] = static_cast<char>(random.below(256));
  }
}

TEST(Fuzz, DamagedTextsNeverBreakTheParser) {
  const ProcessorTime watch;
  double slowest = 0;
  int sound = 0, refused = 0;
  for (uint64_t round = 0; round < 20'000; ++round) {
    RandomStream random(derive_key(1, round));
    std::string text(kTexts[random.below(kTexts.size())]);
    for (uint64_t hits = 1 + random.below(6); hits > 0; --hits) damage(text, random);
    const ProcessorTime one;
    (sample_problems(text).empty() ? sound : refused)++;
    slowest = std::max(slowest, one.seconds());
  }
  EXPECT_GT(sound, 100);
  EXPECT_GT(refused, 10'000);
  EXPECT_LT(slowest, kSecond);
  EXPECT_LT(watch.seconds(), 20 * kSecond);
}

TEST(Fuzz, DamagedOverridesNeverBreakTheParser) {
  for (uint64_t round = 0; round < 5'000; ++round) {
    RandomStream random(derive_key(2, round));
    constexpr std::array<const char*, 3> kOverrides = {"optimizer.schedule={shape: linear, warmup: [1, 2]}",
                                                       "stop.after.steps=3", "tags.0={signal: [a]}"};
    std::string text = kOverrides[round % kOverrides.size()];
    for (uint64_t hits = 1 + random.below(6); hits > 0; --hits) damage(text, random);
    sample_problems(sample_text("stop: after\ntags: a\n"), {text});
  }
}

}  // namespace
}  // namespace echelon::config
