#include "train/record/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace echelon::train {
namespace {

using testing::HasSubstr;

StepRecord example() {
  StepRecord record{.step = 100, .total_steps = 2000, .epoch = 1.6, .loss = 0.43125, .learning_rate = 1e-3};
  record.gradient_norm = 1.234;
  record.seconds_per_step = 0.01234;
  record.samples_per_second = 5123;
  record.data_share = 0.01;
  record.comm_share = 0.084;
  record.seconds_left = 23.4;
  return record;
}

TEST(Progress, LineHoldsWhatAPersonWantsToKnow) {
  EXPECT_EQ(render_line(example()),
            "step  100/2000  epoch 1.60  loss 0.4313  lr 1.00e-03  grad 1.23     12.3 ms/step  5.12 k "
            "samples/s  data 1%  "
            "comm 8%  left 23.4 s");
  StepRecord text = example();
  text.tokens_per_second = 1'240'000;
  text.gradient_norm.reset();
  EXPECT_THAT(render_line(text), HasSubstr("1.24 M tokens/s"));
  EXPECT_THAT(render_line(text), testing::Not(HasSubstr("grad")));
  text.source_epochs = {{"code", 0.41}, {"web", 2.794}};
  EXPECT_THAT(render_line(text), HasSubstr("  epoch 1.60 (code 0.41, web 2.79)  "));
}

TEST(Progress, EvaluationLine) {
  EXPECT_EQ(render_evaluation(100, 2000, {{"loss", 0.312}, {"accuracy", 0.971}}),
            "step  100/2000  evaluation  loss 0.3120  accuracy 0.9710");
}

TEST(Progress, BarFitsTheTerminal) {
  EXPECT_EQ(render_bar(0.5, bar_facts(50, 100, 0.5, 10), 62),
            "[=======>       ]   50%  step 50/100  loss 0.5000  left 10.0 s");
  EXPECT_EQ(render_bar(1, bar_facts(100, 100, 0.5, 0), 62),
            "[================]  100%  step 100/100  loss 0.5000  left 0 ms");
  for (int width = 0; width < 200; ++width) {
    EXPECT_LE(render_bar(0.07, bar_facts(7, 100, 0.5, 10), width).size(), static_cast<size_t>(width));
  }
}

TEST(Progress, PlainLinesWithoutATerminal) {
  testing::internal::CaptureStdout();
  EXPECT_FALSE(output_is_watched());
  {
    Progress progress;
    progress.step(1, 10, 0.5, 1);
    progress.line(example());
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), render_line(example()) + "\n");
}

TEST(Progress, BarStaysBelowTheLinesAndGoesAtTheEnd) {
  testing::internal::CaptureStdout();
  {
    Progress progress(/*draws_bar=*/true);
    progress.step(99, 2000, 0.5, 1);
    progress.step(100, 2000, 0.5, 1);  // too soon to be drawn
    progress.line(example());
  }
  const std::string clear = "\r\x1b[K";
  const std::string bar = render_bar(99.0 / 2000, bar_facts(99, 2000, 0.5, 1), 79) + "\r";
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            clear + bar + clear + render_line(example()) + "\n" + bar + clear);
}

}  // namespace
}  // namespace echelon::train
