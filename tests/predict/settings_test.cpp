#include "predict/settings.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "common/file.h"
#include "config/config.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using testing::HasSubstr;

class SettingsTest : public testing::Test {
 protected:
  PredictSettings load(const std::string& more, const std::vector<std::string>& overrides = {}) {
    fs::create_directories(folder_ / "model");
    write_file_atomically(folder_ / "a.csv", "x\n1\n");
    write_file_atomically(folder_ / "score.yaml",
                          "model: model\nsource: {files: [a.csv]}\noutput: {folder: out}\n" + more);
    return config::load<PredictSettings>(folder_ / "score.yaml", overrides).value;
  }

  std::string problem(const std::string& more) {
    try {
      load(more);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(SettingsTest, TheModelMayBeWrittenAsItsPath) {
  EXPECT_EQ(fs::path(load("").model.path.path).filename(), "model");
}

TEST_F(SettingsTest, WhatDoesNotDecideTheResultIsNotInTheText) {
  const std::string text = deciding_settings(load(""));
  for (const char* other : {"mode=incremental", "threads=7", "output.folder=elsewhere",
                            "output.overwrite=true", "poll_seconds=1", "source.files=[a.csv, a.csv]"})
    EXPECT_EQ(deciding_settings(load("", {other})), text) << other;
  for (const char* other :
       {"batch=7", "output.keep=[x]", "on_error=fail", "precision=fp64", "output.prefix=p", "rename={x: y}"})
    EXPECT_NE(deciding_settings(load("", {other})), text) << other;
}

TEST_F(SettingsTest, ContradictionsAreNamed) {
  EXPECT_THAT(problem("inputs: {features: [a, b, a]}\n"), HasSubstr("names \"a\" twice"));
  EXPECT_THAT(problem("mod: once\n"), HasSubstr("did you mean 'mode'"));
  EXPECT_THAT(problem("threads: 0\n"), HasSubstr("threads"));
}

}  // namespace
}  // namespace echelon::predict
