#include "predict/output/output_state.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "temporary_folder.h"
#include "work/job_text.h"

namespace echelon::predict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Names = std::vector<std::string>;

class OutputStateTest : public testing::Test {
 protected:
  OutputStateTest() { settings_.output.folder = folder_.path().string(); }

  OutputState open(const std::string& settings = "a: 1\n", const std::string& digest = "d") const {
    return {settings_, {settings, digest}};
  }

  void score(OutputState& state, const Names& names) const {
    BatchRecord record{.number = state.next_number(), .model_digest = "d", .settings = "a: 1\n"};
    for (const std::string& name : names) record.inputs.push_back({name, 1, "v"});
    record.counts = {{"rows", 1}};
    state.begin(work::render_job("predict", "a: 1\n", record.inputs));
    state.commit(record);
  }

  template <class Action>
  static std::string problem(const Action& action) {
    try {
      action();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  PredictSettings settings_;
};

TEST_F(OutputStateTest, OnceTakesAllAndThenNothing) {
  OutputState state = open();
  EXPECT_THAT(state.next_batch({"a", "b"}).value(), ElementsAre("a", "b"));
  score(state, {"a", "b"});
  EXPECT_FALSE(state.next_batch({"a", "b"}));
  EXPECT_FALSE(open().next_batch({"b"}));
  EXPECT_THAT(problem([&] { open().next_batch({"a", "b", "c"}); }), HasSubstr("1 of the files are new"));
}

TEST_F(OutputStateTest, IncrementalTakesWhatIsNewInBoundedBatches) {
  settings_.mode = Mode::kIncremental;
  settings_.max_files = 2;
  OutputState state = open();
  score(state, state.next_batch({"a", "b", "c"}).value());
  EXPECT_THAT(state.next_batch({"a", "b", "c"}).value(), ElementsAre("c"));
  EXPECT_EQ(open().next_number(), 2);
}

TEST_F(OutputStateTest, ABatchThatWasBegunComesFirstAsItWas) {
  settings_.mode = Mode::kIncremental;
  open().begin(work::render_job("predict", "a: 1\n", {{"b", 1, "v"}}));
  EXPECT_THAT(open().next_batch({"a", "b", "c"}).value(), ElementsAre("b"));
  EXPECT_THAT(problem([&] {
                open().begin(work::render_job("predict", "a: 2\n", {{"b", 1, "v"}}));
              }),
              HasSubstr("another scoring was begun ('a: 2' instead of 'a: 1')"));
}

TEST_F(OutputStateTest, ABatchWhoseFilesHaveChangedOrAreGoneBeginsAnew) {
  settings_.mode = Mode::kIncremental;
  const std::string attempt = open().begin(work::render_job("predict", "a: 1\n", {{"b", 1, "v"}}));
  work_folder_of(folder_.path(), attempt).record(0, {});
  const std::string changed = work::render_job("predict", "a: 1\n", {{"b", 1, "w"}});
  open().begin(changed);
  const work::WorkFolder work = work_folder_of(folder_.path());
  EXPECT_EQ(work.job(), changed);
  EXPECT_FALSE(work.output_of(0));
  EXPECT_THAT(open().next_batch({"a", "c"}).value(), ElementsAre("a", "c"));
}

TEST_F(OutputStateTest, ABatchThatIsRecordedIsNotDoneAgain) {
  OutputState state = open();
  score(state, {"a"});
  fs::create_directories(folder_ / "predictions");
  write_file_atomically(folder_ / "predictions/part-00001-00000-0000.parquet", "");
  // Killed between the record and the removal of the work folder.
  work::WorkFolder work = work_folder_of(folder_.path());
  work.begin(work::render_job("predict", "a: 1\n", {{"a", 1, "v"}}));
  work.note("predictions/part-00001-00000-0000.parquet");
  EXPECT_FALSE(open().next_batch({"a"}));
  EXPECT_FALSE(work.exists());
  EXPECT_TRUE(fs::exists(folder_ / "predictions/part-00001-00000-0000.parquet"));
}

TEST_F(OutputStateTest, WhatIsLeftOfAWorkFolderRemovesNothing) {
  OutputState state = open();
  score(state, {"a"});
  write_file_atomically(folder_ / "part", "");
  work::WorkFolder work = work_folder_of(folder_.path());
  fs::create_directories(work.path() / "names");
  work.note("part");
  settings_.mode = Mode::kIncremental;
  open().begin(work::render_job("predict", "a: 1\n", {{"b", 1, "v"}}));
  EXPECT_TRUE(fs::exists(folder_ / "part"));
}

TEST_F(OutputStateTest, OtherSettingsAndModelsAreRefused) {
  OutputState state = open();
  score(state, {"a"});
  EXPECT_THAT(problem([&] { open("a: 2\n"); }), HasSubstr("was made otherwise ('a: 2' instead of 'a: 1')"));
  EXPECT_THAT(problem([&] { open("a: 1\n", "e"); }), HasSubstr("was scored by another model"));
  settings_.output.allow_other_model = true;
  EXPECT_EQ(open("a: 1\n", "e").next_number(), 2);
}

TEST_F(OutputStateTest, OverwriteRemovesWhatWasMadeAndNothingElse) {
  OutputState state = open();
  score(state, {"a"});
  fs::create_directories(folder_ / "predictions/region=x");
  write_file_atomically(folder_ / "predictions/region=x/part-00001-00000.parquet", "");
  write_file_atomically(folder_ / "notes.txt", "");
  settings_.output.overwrite = true;
  fs::remove(folder_ / "notes.txt");
  const OutputState again = open("a: 2\n");
  EXPECT_EQ(again.next_number(), 1);
  EXPECT_FALSE(fs::exists(folder_ / "predictions/region=x"));
  EXPECT_FALSE(fs::exists(folder_ / "manifest"));
}

TEST_F(OutputStateTest, AFolderOfSomeoneElseIsLeftAlone) {
  write_file_atomically(folder_ / "notes.txt", "");
  EXPECT_THAT(problem([&] { open(); }), HasSubstr("holds notes.txt, which no scoring made"));
  settings_.output.overwrite = true;
  EXPECT_THAT(problem([&] { open(); }), HasSubstr("holds notes.txt, which no scoring made"));
}

}  // namespace
}  // namespace echelon::predict
