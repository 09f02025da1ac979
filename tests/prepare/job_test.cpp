#include "prepare/job.h"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <set>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/folder_lock.h"
#include "common/format.h"
#include "prepare/manifest.h"
#include "temporary_folder.h"
#include "work/output_folder.h"
#include "work/task.h"

namespace echelon::prepare {
namespace {

using testing::HasSubstr;

/// Unit i becomes a file with i lines, and in the end there is a file that counts the intermediate ones.
class Toy final : public work::Task {
 public:
  explicit Toy(int64_t units) : units_(units) {}

  std::vector<work::InputFile> inputs() const override { return {{"input", 100, version}}; }
  int64_t units() const override { return units_; }

  work::UnitOutput make(int64_t unit, const work::OutputFolder& folder) const override {
    ++made;
    if (on_make) on_make(unit);
    const auto file = folder.create(str_format("part-{:03}", unit));
    for (int64_t i = 0; i < unit; ++i) file->write(str_format("line {} of {}\n", i, unit));
    const auto intermediate = folder.create_intermediate(str_format("{}", unit));
    intermediate->write("x");
    work::UnitOutput output{{file->commit(), intermediate->commit()}, {{"lines", unit}}};
    if (after_files) after_files(unit);
    return output;
  }

  work::UnitOutput finish(const std::vector<work::UnitOutput>& units,
                          const work::OutputFolder& folder) const override {
    std::string all;
    for (int64_t unit = 0; unit < units_; ++unit)
      all += read_file(folder.intermediate(str_format("{}", unit)));
    EXPECT_EQ(static_cast<int64_t>(units.size()), units_);
    const auto file = folder.create("total");
    file->write(str_format("{}", all.size()));
    return {{file->commit()}, {}};
  }

  std::string version = "1";
  std::function<void(int64_t)> on_make, after_files;
  mutable std::atomic<int64_t> made = 0;

 private:
  int64_t units_;
};

class JobTest : public testing::Test {
 protected:
  JobSettings settings(const std::string& name, const std::string& text = "a: 1\n") const {
    return {.kind = "toy", .settings = text, .output = folder_ / name};
  }

  void run(const JobSettings& settings, const work::Task& task, int ranks = 1) const {
    run_ranks(ranks, [&](Communicator& comm) { run_job(settings, task, comm); });
  }

  std::string problem(const JobSettings& settings, const work::Task& task, int ranks = 1) const {
    try {
      run(settings, task, ranks);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  /// Names and contents, without the lock.
  std::map<std::string, std::string> contents(const std::string& name) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder_ / name)) {
      const std::string file = entry.path().filename().string();
      if (file != ".lock") files[file] = entry.is_directory() ? "(folder)" : read_file(entry.path());
    }
    return files;
  }

  TemporaryFolder folder_;
};

TEST_F(JobTest, MakesTheSameOnAnyRanksAndThreads) {
  const Toy task(17);
  run(settings("one"), task);
  const auto expected = contents("one");
  EXPECT_EQ(expected.size(), 17 + 2);  // the total and the manifest
  EXPECT_EQ(expected.at("part-002"), "line 0 of 2\nline 1 of 2\n");
  EXPECT_EQ(expected.at("total"), "17");
  const Manifest manifest = parse_manifest(expected.at("manifest.json"), "manifest.json");
  EXPECT_EQ(manifest.counts, (work::Counts{{"lines", 16 * 17 / 2}}));
  ASSERT_EQ(manifest.files.size(), 18);
  for (const work::StoredFile& file : manifest.files) {
    const std::string& content = expected.at(file.name);
    EXPECT_EQ(file.bytes, static_cast<int64_t>(content.size()));
    EXPECT_EQ(file.checksum, checksum_of(std::as_bytes(std::span(content))));
  }
  for (const int ranks : {1, 2, 3, 8}) {
    for (const int threads : {1, 3}) {
      const std::string name = str_format("{}x{}", ranks, threads);
      const Toy again(17);
      JobSettings job = settings(name);
      job.threads = threads;
      run(job, again, ranks);
      EXPECT_EQ(contents(name), expected) << name;
      EXPECT_EQ(again.made, 17) << "each unit once";
    }
  }
}

TEST_F(JobTest, GoesOnAfterAFailure) {
  Toy undisturbed(12);
  run(settings("expected"), undisturbed);
  Toy task(12);
  task.on_make = [](int64_t unit) {
    if (unit == 7 || unit == 9) throw DataError(str_format("unit {} is bad", unit));
  };
  EXPECT_EQ(problem(settings("out"), task, 1), "unit 7 is bad");
  EXPECT_FALSE(fs::exists(folder_ / "out/manifest.json"));
  EXPECT_EQ(task.made, 8);
  task.on_make = {};
  task.made = 0;
  run(settings("out"), task, 3);
  EXPECT_EQ(task.made, 5);  // 7 to 11
  EXPECT_EQ(contents("out"), contents("expected"));
}

TEST_F(JobTest, EveryRankThrowsWhatTheFirstFailedUnitThrew) {
  Toy task(40);
  task.on_make = [](int64_t) { throw Error(ExitCode::kData, "the disk is full"); };
  std::atomic<int> thrown = 0;
  run_ranks(4, [&](Communicator& comm) {
    try {
      run_job(settings("out"), task, comm);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kData);
      EXPECT_STREQ(error.what(), "the disk is full");
      ++thrown;
    }
  });
  EXPECT_EQ(thrown, 4);
}

TEST_F(JobTest, ACompleteOutputIsLeftAlone) {
  const Toy task(5);
  run(settings("out"), task);
  const auto expected = contents("out");
  run(settings("out"), task, 2);
  EXPECT_EQ(task.made, 5);
  EXPECT_EQ(contents("out"), expected);
}

TEST_F(JobTest, WhatIsMissingIsMadeAgain) {
  const Toy task(5);
  run(settings("out"), task);
  const auto expected = contents("out");
  fs::remove(folder_ / "out/part-003");
  run(settings("out"), task);
  EXPECT_EQ(contents("out"), expected);
}

TEST_F(JobTest, AnotherPreparationIsRefusedUnlessItReplaces) {
  const Toy task(3);
  run(settings("out", "a: 1\nb: 2\n"), task);
  EXPECT_THAT(problem(settings("out", "a: 1\nb: 3\n"), task, 2),
              HasSubstr("was made otherwise ('b: 3' instead of 'b: 2'); choose another output"));
  JobSettings other = settings("out", "a: 1\nb: 3\n");
  other.overwrite = true;
  const Toy fewer(2);
  run(other, fewer);
  run(settings("expected", "a: 1\nb: 3\n"), fewer);
  EXPECT_EQ(contents("out"), contents("expected"));
}

TEST_F(JobTest, AnotherUnfinishedPreparationIsRefusedUnlessItIsReplaced) {
  Toy task(3);
  task.on_make = [](int64_t unit) {
    if (unit == 2) throw DataError("bad");
  };
  problem(settings("out"), task);
  task.on_make = {};
  task.version = "2";
  EXPECT_THAT(problem(settings("out"), task),
              HasSubstr("another preparation was begun (input has changed); choose another output"));
  JobSettings job = settings("out");
  job.overwrite = true;
  task.made = 0;
  run(job, task);
  EXPECT_EQ(task.made, 3);
}

TEST_F(JobTest, FilesOfAUnitThatFailedAreReplaced) {
  Toy task(3);
  task.after_files = [](int64_t) { throw DataError("bad"); };
  problem(settings("out"), task);
  EXPECT_TRUE(fs::exists(folder_ / "out/part-000"));
  JobSettings job = settings("out", "a: 2\n");
  job.overwrite = true;
  const Toy other(0);
  run(job, other);
  EXPECT_EQ(contents("out").size(), 2);  // the total and the manifest
}

TEST_F(JobTest, AManifestCannotNameFilesElsewhere) {
  const Toy task(1);
  run(settings("out"), task);
  std::string manifest = read_file(folder_ / "out/manifest.json");
  manifest.replace(manifest.find("part-000"), 8, "../other");
  write_file_atomically(folder_ / "out/manifest.json", manifest);
  JobSettings job = settings("out", "a: 2\n");
  job.overwrite = true;
  EXPECT_THAT(problem(job, task), HasSubstr("\"../other\" is no name of a file within a folder"));
}

TEST_F(JobTest, OtherFilesAreNotMixedWithShards) {
  fs::create_directories(folder_ / "out");
  write_file_atomically(folder_ / "out/notes.txt", "mine");
  const Toy task(3);
  JobSettings job = settings("out");
  job.overwrite = true;
  EXPECT_THAT(problem(job, task), HasSubstr("holds notes.txt, which no preparation made"));
  EXPECT_EQ(contents("out").size(), 1);
}

TEST_F(JobTest, ASecondPreparationOfTheFolderIsRefusedWhileOneIsAtWork) {
  fs::create_directories(folder_ / "out");
  const FolderLock lock(folder_ / "out");
  const Toy task(3);
  EXPECT_THAT(problem(settings("out"), task, 2), HasSubstr("writes to"));
}

TEST_F(JobTest, WithoutUnitsThereIsAManifest) {
  const Toy task(0);
  run(settings("out"), task, 2);
  EXPECT_EQ(contents("out").at("total"), "0");
}

TEST_F(JobTest, AFolderThatCannotBeMadeIsNamed) {
  write_file_atomically(folder_ / "file", "");
  const Toy task(3);
  EXPECT_THAT(problem(settings("file/out"), task, 2), HasSubstr("file/out"));
}

}  // namespace
}  // namespace echelon::prepare
