#include "generate/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "config/config.h"

namespace echelon::generate {
namespace {

std::string problem(const std::string& yaml) {
  try {
    config::parse<GenerationSettings>(yaml, "test.yaml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(GenerationSettings, RefusesWhatHasNoEffect) {
  EXPECT_EQ(problem("{max_new_tokens: 8}"), "");
  EXPECT_EQ(problem("{temperature: 0.7, top_k: 40, top_p: 0.9, seed: 3, stop: ['\\n']}"), "");
  EXPECT_THAT(problem("{top_k: 40}"), testing::HasSubstr("top_k: has no effect with temperature: 0"));
  EXPECT_THAT(problem("{seed: 1, temperature: 0}"), testing::HasSubstr("seed: has no effect"));
  EXPECT_THAT(problem("{stop: ['']}"), testing::HasSubstr("stop: has an empty text"));
}

}  // namespace
}  // namespace echelon::generate
