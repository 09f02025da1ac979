#include "work/make_units.h"

#include <gtest/gtest.h>

#include <atomic>

#include "comm/local/local.h"
#include "common/format.h"
#include "temporary_folder.h"

namespace echelon::work {
namespace {

class Lines final : public Task {
 public:
  explicit Lines(int64_t units) : units_(units) {}
  std::vector<InputFile> inputs() const override { return {}; }
  int64_t units() const override { return units_; }
  UnitOutput make(int64_t unit, const OutputFolder& folder) const override {
    ++made;
    const auto file = folder.create(str_format("part-{}", unit));
    file->write("line\n");
    return {{file->commit()}, {{"lines", 1}}};
  }
  mutable std::atomic<int64_t> made = 0;

 private:
  int64_t units_;
};

TEST(MakeUnits, StopsOnAllRanksWhenOneIsToldAndGoesOnLater) {
  const TemporaryFolder folder;
  WorkFolder work(folder.path(), folder / ".work");
  work.begin("job");
  const OutputFolder output(work);
  const Lines task(200);
  std::atomic<int> unfinished = 0;
  run_ranks(3, [&](Communicator& comm) {
    // Before the first look nothing is stopped, so a few units are made.
    const auto stop = [&] { return comm.rank() == 1; };
    if (!make_units(task, output, {.stop = stop}, comm)) ++unfinished;
  });
  // Ranks may be done before they look for the first time; then all of them are.
  EXPECT_EQ(unfinished, task.made == 200 ? 0 : 3);
  work.release();
  const OutputFolder again(work);
  run_ranks(2, [&](Communicator& comm) { EXPECT_TRUE(make_units(task, again, {.threads = 2}, comm)); });
  EXPECT_EQ(task.made, 200) << "each once";
  const std::vector<UnitOutput> outputs = outputs_of_units(task, output);
  ASSERT_EQ(outputs.size(), 200);
  EXPECT_EQ(outputs[42].files[0].name, "part-42");
}

TEST(MakeUnits, AUnitWhoseMakerIsGoneIsMadeInTheEnd) {
  const TemporaryFolder folder;
  WorkFolder work(folder.path(), folder / ".work");
  work.begin("job");
  const OutputFolder output(work);
  ASSERT_TRUE(output.work().claim(3));  // by a process that was killed
  const Lines task(5);
  run_ranks(1, [&](Communicator& comm) { EXPECT_TRUE(make_units(task, output, {}, comm)); });
  EXPECT_EQ(task.made, 4);
  EXPECT_EQ(outputs_of_units(task, output).size(), 5);
  EXPECT_EQ(task.made, 5);
}

}  // namespace
}  // namespace echelon::work
