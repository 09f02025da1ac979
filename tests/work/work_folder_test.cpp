#include "work/work_folder.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "temporary_folder.h"
#include "work/output_folder.h"

namespace echelon::work {
namespace {

UnitOutput make_file(const OutputFolder& folder, const std::string& name) {
  const auto file = folder.create(name);
  file->write("abc");
  return {{file->commit()}, {{"rows", 3}}};
}

TEST(WorkFolder, AUnitIsDoneWhileItsFilesAreThere) {
  const TemporaryFolder folder;
  WorkFolder work(folder.path(), folder / ".work");
  work.begin("job");
  const OutputFolder output(work);
  output.work().record(7, make_file(output, "region=north/day=1/part-0"));
  const auto done = WorkFolder(folder.path(), folder / ".work").output_of(7);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->files[0].name, "region=north/day=1/part-0");
  EXPECT_EQ(done->counts, (Counts{{"rows", 3}}));
  EXPECT_EQ(read_file(folder / "region=north/day=1/part-0"), "abc");
  fs::remove(folder / "region=north/day=1/part-0");
  EXPECT_FALSE(output.work().output_of(7));
}

TEST(WorkFolder, OneCallerClaimsAUnitUntilAllAreReleased) {
  const TemporaryFolder folder;
  WorkFolder work(folder.path(), folder / ".work");
  work.begin("job");
  EXPECT_TRUE(work.claim(1));
  EXPECT_FALSE(work.claim(1));
  EXPECT_TRUE(work.claim(2));
  work.release();
  EXPECT_TRUE(work.claim(1));
}

TEST(WorkFolder, AnEarlierAttemptCanMakeNothingAnyMore) {
  const TemporaryFolder folder;
  WorkFolder work(folder.path(), folder / ".work");
  work.begin("job");
  const OutputFolder earlier(work);  // of a rank that is not dead yet
  const auto file = earlier.create("part-0");
  file->write("old");
  work.release();
  EXPECT_THROW(file->commit(), Error);
  EXPECT_THROW(earlier.create("part-1"), Error);
  EXPECT_THROW(earlier.work().record(1, {}), Error);
  EXPECT_THROW(earlier.work().claim(1), Error);
  EXPECT_FALSE(fs::exists(folder / "part-0"));
  EXPECT_TRUE(work.claim(1));
  EXPECT_FALSE(work.output_of(1));
}

TEST(WorkFolder, WhatWasMadeGoesWithItAndNothingElse) {
  const TemporaryFolder folder;
  WorkFolder work(folder.path(), folder / ".work");
  work.begin("job");
  const OutputFolder output(work);
  make_file(output, "region=north/part-0");
  make_file(output, "region=south/part-0");
  make_file(output, "part-1");
  write_file_atomically(folder / "region=south/mine", "");
  output.work().discard();
  EXPECT_FALSE(fs::exists(folder / "region=north"));
  EXPECT_FALSE(fs::exists(folder / "part-1"));
  EXPECT_FALSE(fs::exists(folder / "region=south/part-0"));
  EXPECT_TRUE(fs::exists(folder / "region=south/mine"));
  EXPECT_FALSE(fs::exists(folder / ".work"));
}

}  // namespace
}  // namespace echelon::work
