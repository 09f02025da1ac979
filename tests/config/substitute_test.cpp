#include "config/substitute.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "config/sample_problems.h"

namespace echelon::config {
namespace {

class Substitute : public testing::Test {
 protected:
  Substitute() {
    setenv("ECHELON_TEST_NUMBER", "12", 1);
    setenv("ECHELON_TEST_WORD", "word", 1);
    setenv("ECHELON_TEST_EMPTY", "", 1);
    setenv("ECHELON_TEST_BYTES", "\xff", 1);
    unsetenv("ECHELON_TEST_ABSENT");
  }
};

std::string run_name(std::string_view scalar) {
  return parse_sample("run: " + std::string(scalar) +
                      "\nmodel: {name: mlp}\ndata: {train: [sample_settings.h]}\n")
      .run;
}

TEST_F(Substitute, ReplacesVariablesDefaultsAndDollars) {
  EXPECT_EQ(run_name("${ECHELON_TEST_WORD}"), "word");
  EXPECT_EQ(run_name("a-${ECHELON_TEST_WORD}-${ECHELON_TEST_NUMBER}"), "a-word-12");
  EXPECT_EQ(run_name("'${ECHELON_TEST_WORD}'"), "word");
  EXPECT_EQ(run_name("${ECHELON_TEST_ABSENT:-other}"), "other");
  EXPECT_EQ(run_name("${ECHELON_TEST_WORD:-other}"), "word");
  EXPECT_EQ(run_name("a${ECHELON_TEST_EMPTY:-other}b"), "ab");
  EXPECT_EQ(run_name("$${ECHELON_TEST_WORD}"), "${ECHELON_TEST_WORD}");
  EXPECT_EQ(run_name("cost $5"), "cost $5");
}

// What comes from outside the file is text or number, as the field has it.
TEST_F(Substitute, GivesTextOrNumberAsTheFieldNeeds) {
  EXPECT_EQ(run_name("${ECHELON_TEST_NUMBER}"), "12");
  EXPECT_EQ(parse_sample(sample_text("micro_batch: ${ECHELON_TEST_NUMBER}\nglobal_batch: 24\n")).micro_batch,
            12);
  EXPECT_EQ(parse_sample(sample_text("finish: {steps: '${ECHELON_TEST_EMPTY}'}\n")).finish->steps,
            std::nullopt);
  EXPECT_EQ(parse_sample(sample_text("finish: {warmup: '${ECHELON_TEST_NUMBER}'}\n")).finish->warmup, 12);
  EXPECT_EQ(sample_problems(sample_text("tolerance: '$$'\n")),
            std::vector<std::string>{"f.yaml:7:12: tolerance: expected a number, found the text '$'"});
  EXPECT_EQ(sample_problems(sample_text("micro_batch: ${ECHELON_TEST_WORD}\n")),
            std::vector<std::string>{"f.yaml:7:14: micro_batch: expected an integer, found the text 'word'"});
}

TEST_F(Substitute, ReportsWhatIsMissingAtItsPlace) {
  EXPECT_EQ(
      sample_problems(sample_text("tolerance: ${ECHELON_TEST_ABSENT}\noptimizer: {name: sgd, lr: \"${5}\"}\n"
                                  "weights: {a: '${', b: \"${ECHELON_TEST_BYTES}\"}\n")),
      (std::vector<std::string>{
          "f.yaml:7:12: environment variable ECHELON_TEST_ABSENT is not set; set it, or give a default: "
          "${ECHELON_TEST_ABSENT:-default}",
          "f.yaml:8:28: '${5}' is no environment variable; write '$$' for a plain '$'",
          "f.yaml:9:14: '${' without '}'; write '$$' for a plain '$'",
          "f.yaml:9:23: environment variable ECHELON_TEST_BYTES is not plain UTF-8 text"}));
}

}  // namespace
}  // namespace echelon::config
