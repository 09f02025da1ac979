#include "predict/job.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/format.h"
#include "predict/output/batch_record.h"
#include "storage/support/compress.h"
#include "table/table_file.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Says twice of x what x is; cannot score 13.
class Doubler final : public Scorer {
 public:
  const std::vector<std::string>& inputs() const override { return inputs_; }
  const table::Schema& outputs() const override { return outputs_; }
  void check(const std::string& file, const table::Schema& schema) const override {
    if (table::find_field(schema, "x") == nullptr) throw DataError(file + " has no x");
  }
  Scores score(std::span<const Column> inputs) const override {
    ++calls;
    if (on_score) on_score();
    Scores scores{.columns = {table::empty_column(ColumnType::kInt64)}};
    for (int64_t row = 0; row < inputs[0].rows; ++row) {
      const int64_t x = inputs[0].integers[static_cast<size_t>(row)];
      scores.columns[0].integers.push_back(2 * x);
      if (x == 13) scores.problems.emplace(row, "13");
    }
    scores.columns[0].rows = inputs[0].rows;
    return scores;
  }

  mutable std::atomic<int> calls = 0;
  std::function<void()> on_score;

 private:
  std::vector<std::string> inputs_{"x"};
  table::Schema outputs_{{.name = "y", .type = ColumnType::kInt64}};
};

class PredictJob : public testing::Test {
 protected:
  PredictJob() {
    settings_.source.files = {config::InputPath{(folder_ / "in/*.csv").string()}};
    settings_.output.folder = (folder_ / "out").string();
    settings_.output.row_number = true;
    settings_.unit_mb = 1e-6;
    fs::create_directories(folder_ / "in");
  }

  void add_file(const std::string& name, int64_t first, int64_t rows) const {
    std::string text = "x\n";
    for (int64_t x = first; x < first + rows; ++x) text += str_format("{}\n", x);
    write_file_atomically(folder_ / "in" / name, text);
  }

  ExitCode run(int ranks = 1, int threads = 1) const {
    std::atomic<int> code = -1;
    run_ranks(ranks, [&](Communicator& comm) {
      code = static_cast<int>(run_job(settings_, {scorer_, "model", "digest", "v"},
                                      {.threads = threads, .chunks = threads}, comm));
    });
    return static_cast<ExitCode>(code.load());
  }

  std::string problem(int ranks = 1) const {
    try {
      run(ranks);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  /// Where rows could not be scored, with a number or as files, and why.
  std::vector<std::string> errors() const {
    std::vector<std::string> found;
    storage::Storage storage;
    for (const BatchRecord& record : read_records(settings_.output.folder)) {
      for (const work::StoredFile& stored : record.files) {
        if (!stored.name.starts_with("errors/")) continue;
        const auto file =
            table::open_table(storage, (fs::path(settings_.output.folder) / stored.name).string());
        const std::vector<std::string> columns{"source_file", "row_number", "reason"};
        const auto read = file->read(0, columns);
        for (int64_t row = 0; row < read[0].rows; ++row)
          found.push_back(str_format(
              "{} {}: {}", fs::path(read[0].text(row)).filename().string(),
              read[1].is_valid(row) ? str_format("{}", read[1].integers[static_cast<size_t>(row)]) : "-",
              read[2].text(row)));
      }
    }
    std::ranges::sort(found);
    return found;
  }

  /// x → y of all predictions; every x once.
  std::map<int64_t, int64_t> predictions() const {
    std::map<int64_t, int64_t> found;
    storage::Storage storage;
    for (const BatchRecord& record : read_records(folder_ / "out")) {
      for (const work::StoredFile& stored : record.files) {
        if (!stored.name.starts_with("predictions/")) continue;
        const auto file = table::open_table(storage, (folder_ / "out" / stored.name).string());
        const std::vector<std::string> columns{"x", "y"};
        for (size_t block = 0; block < file->blocks().size(); ++block) {
          const auto read = file->read(static_cast<int64_t>(block), columns);
          for (size_t row = 0; row < read[0].integers.size(); ++row)
            EXPECT_TRUE(found.emplace(read[0].integers[row], read[1].integers[row]).second);
        }
      }
    }
    return found;
  }

  TemporaryFolder folder_;
  PredictSettings settings_;
  Doubler scorer_;
};

TEST_F(PredictJob, ScoresEveryRowOnceOnAnyRanksAndThreads) {
  for (int i = 0; i < 9; ++i) add_file(str_format("{}.csv", i), 100 * i + 20, 30);
  for (const int ranks : {1, 2, 3}) {
    for (const int threads : {1, 3}) {
      settings_.output.folder = (folder_ / "out").string();
      fs::remove_all(folder_ / "out");
      EXPECT_EQ(run(ranks, threads), ExitCode::kOk);
      const auto found = predictions();
      EXPECT_EQ(found.size(), 270);
      for (const auto& [x, y] : found) EXPECT_EQ(y, 2 * x);
      EXPECT_EQ(read_records(folder_ / "out")[0].counts, (work::Counts{{"rows", 270}, {"errors", 0}}));
    }
  }
}

TEST_F(PredictJob, RowsThatCannotBeScoredAreLeftOutAndCounted) {
  add_file("a.csv", 10, 10);
  run(2);
  EXPECT_EQ(predictions().size(), 9);
  EXPECT_FALSE(predictions().contains(13));
  const BatchRecord record = read_records(folder_ / "out")[0];
  EXPECT_EQ(record.counts, (work::Counts{{"rows", 9}, {"errors", 1}}));
  ASSERT_EQ(record.files.size(), 2);
  settings_.on_error = OnBadRow::kFail;
  settings_.output.folder = (folder_ / "strict").string();
  EXPECT_THAT(problem(3), HasSubstr("a.csv, row 3, 13"));
}

TEST_F(PredictJob, AFileThatDoesNotFitIsRefusedBeforeAnythingIsScored) {
  add_file("a.csv", 0, 10);
  write_file_atomically(folder_ / "in/b.csv", "z\n1\n");
  EXPECT_THAT(problem(2), HasSubstr("b.csv has no x"));
  EXPECT_EQ(scorer_.calls, 0);
}

TEST_F(PredictJob, IncrementalGoesOnWhereItWas) {
  settings_.mode = Mode::kIncremental;
  add_file("a.csv", 20, 10);
  run();
  add_file("b.csv", 40, 10);
  run(2);
  EXPECT_EQ(predictions().size(), 20);
  EXPECT_EQ(scorer_.calls, 2);
  run(3);
  EXPECT_EQ(scorer_.calls, 2) << "nothing was new";
}

TEST_F(PredictJob, FollowTellsOfFilesThatChangeOnce) {
  settings_.mode = Mode::kFollow;
  settings_.poll_seconds = 0.1;
  add_file("a.csv", 20, 10);
  std::atomic<bool> stop = false;
  testing::internal::CaptureStderr();
  std::thread job([&] {
    run_ranks(2, [&](Communicator& comm) {
      run_job(settings_, {scorer_, "model", "digest", "v"},
              {.threads = 1, .stop = [&] { return stop.load(); }}, comm);
    });
  });
  while (read_records(folder_ / "out").empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  add_file("a.csv", 20, 11);
  std::this_thread::sleep_for(std::chrono::seconds(15));  // two looks
  stop = true;
  job.join();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, HasSubstr("1 of the files have changed since they were scored"));
  EXPECT_EQ(told.find("have changed"), told.rfind("have changed")) << told;
  EXPECT_EQ(predictions().size(), 10);
}

TEST_F(PredictJob, AFileThatComesWhileOthersAreScoredIsNoneOfThem) {
  for (const bool overwrite : {false, true}) {
    fs::remove_all(folder_ / "in");
    fs::remove_all(folder_ / "out");
    fs::create_directories(folder_ / "in");
    add_file("a.csv", 20, 10);
    settings_.output.overwrite = overwrite;
    scorer_.on_score = [&] { add_file("b.csv", 40, 10); };
    EXPECT_EQ(run(2), ExitCode::kOk);
    EXPECT_EQ(predictions().size(), 10);
  }
}

TEST_F(PredictJob, OneEmptySideOfAPatternDoesNotHideTheOther) {
  settings_.mode = Mode::kIncremental;
  settings_.source.files = {config::InputPath{(folder_ / "{in,later}/*.csv").string()}};
  add_file("a.csv", 20, 10);
  run(2);
  EXPECT_EQ(predictions().size(), 10);
}

TEST_F(PredictJob, NoFilesAreAnErrorOnce) {
  EXPECT_THAT(problem(2), HasSubstr("*.csv"));
  settings_.source.files = {config::InputPath{(folder_ / "in/{a,b}.csv").string()}};
  add_file("a.csv", 20, 10);
  EXPECT_THAT(problem(2), HasSubstr("b.csv\": no such file"));
}

TEST_F(PredictJob, NamesMayBeOfFilesToCome) {
  settings_.mode = Mode::kIncremental;
  settings_.source.files = {config::InputPath{(folder_ / "in/{000..002}.csv").string()}};
  run(2);
  EXPECT_TRUE(predictions().empty());
  add_file("001.csv", 20, 10);
  run(2);
  EXPECT_EQ(predictions().size(), 10);
  add_file("000.csv", 40, 10);
  add_file("002.csv", 60, 10);
  run(2);
  EXPECT_EQ(predictions().size(), 30);
}

TEST_F(PredictJob, FilesThatCannotBeOpenedAreRecordedByName) {
  add_file("a.csv", 20, 10);
  fs::create_symlink(folder_ / "absent", folder_ / "in/b.csv");
  fs::create_directory(folder_ / "in/c.csv");
  EXPECT_EQ(run(2), ExitCode::kOk);
  EXPECT_EQ(predictions().size(), 10);
  EXPECT_THAT(errors(), ElementsAre(AllOf(StartsWith("b.csv -: cannot open "), HasSubstr("No such file")),
                                    AllOf(StartsWith("c.csv -: "), HasSubstr("is not a regular file"))));
  EXPECT_EQ(run(2), ExitCode::kOk) << "they are as they were";
  EXPECT_EQ(read_records(folder_ / "out").size(), 1);
  write_file_atomically(folder_ / "absent", "x\n1\n");
  EXPECT_THAT(problem(2), HasSubstr("1 of the files have changed since they were scored"));

  settings_.on_error = OnBadRow::kFail;
  settings_.output.folder = (folder_ / "strict").string();
  EXPECT_THAT(problem(2), HasSubstr("c.csv is not a regular file"));
}

TEST_F(PredictJob, ABatchOfDamagedFilesIsOneBeforeOthers) {
  settings_.mode = Mode::kIncremental;
  settings_.output.partition_by = {"s"};
  write_file_atomically(folder_ / "in/a.csv", "");
  fs::create_symlink(folder_ / "absent", folder_ / "in/b.csv");
  EXPECT_EQ(run(2), ExitCode::kOk);
  EXPECT_FALSE(read_records(folder_ / "out")[0].kept.has_value());
  EXPECT_EQ(read_records(folder_ / "out")[0].counts, (work::Counts{{"rows", 0}, {"errors", 2}}));
  EXPECT_EQ(run(2), ExitCode::kOk);
  EXPECT_EQ(read_records(folder_ / "out").size(), 1) << "they are not scored again and again";

  write_file_atomically(folder_ / "in/c.csv", "x,s\n1,one\n2,two\n");
  EXPECT_EQ(run(2), ExitCode::kOk);
  EXPECT_EQ(predictions(), (std::map<int64_t, int64_t>{{1, 2}, {2, 4}}));
  EXPECT_EQ(read_records(folder_ / "out")[1].kept->size(), 2);
  EXPECT_THAT(errors(), ElementsAre(StartsWith("a.csv -: "), StartsWith("b.csv -: ")));

  settings_.output.folder = (folder_ / "once").string();
  settings_.mode = Mode::kOnce;
  settings_.source.files = {config::InputPath{(folder_ / "in/[ab].csv").string()}};
  EXPECT_THAT(problem(2), HasSubstr("none of the 2 files can be read"));
}

TEST_F(PredictJob, ValuesThatMakeNoFolderAreErrorsOfTheirRows) {
  const std::string longest(255 - 2, 'a');  // with "s="
  write_file_atomically(folder_ / "in/a.csv", str_format("x,s\n13,b\n1,{}\n2,{}a\n3,{}a\n4,{}\n", longest,
                                                         longest, longest, longest));
  settings_.output.partition_by = {"s"};
  EXPECT_EQ(run(2), ExitCode::kOk);
  EXPECT_EQ(predictions(), (std::map<int64_t, int64_t>{{1, 2}, {4, 8}}));
  const std::string reason = "column \"s\": its folder would have a name of 256 bytes; 255 are the most";
  EXPECT_THAT(errors(), ElementsAre("a.csv 0: 13", "a.csv 2: " + reason, "a.csv 3: " + reason));
  settings_.on_error = OnBadRow::kFail;
  settings_.output.folder = (folder_ / "strict").string();
  EXPECT_THAT(problem(2), HasSubstr("a.csv, row 0, 13"));
  write_file_atomically(folder_ / "in/a.csv", str_format("x,s\n1,b\n2,{}a\n", longest));
  EXPECT_THAT(problem(2), HasSubstr("in/a.csv, row 1, " + reason));
}

TEST_F(PredictJob, WhatIsNoFaultOfTheDataEndsTheJobAndIsNotRecorded) {
  add_file("a.csv", 20, 10);
  write_file_atomically(folder_ / "in/b.csv.gz", storage::gzip("x\n1\n2\n"));
  settings_.source.files = {config::InputPath{(folder_ / "in/*").string()}};
  settings_.storage.cache.folder = "/proc/cache";
  EXPECT_THAT(problem(2), HasSubstr("cannot create the data cache's folder /proc/cache"));
  EXPECT_TRUE(read_records(folder_ / "out").empty());
  settings_.storage.cache.folder = (folder_ / "cache").string();
  EXPECT_EQ(run(2), ExitCode::kOk);
  EXPECT_EQ(predictions().size(), 12);
  EXPECT_TRUE(errors().empty());
}

}  // namespace
}  // namespace echelon::predict
