#include "train/save_checkpoint.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <atomic>
#include <optional>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/format.h"
#include "temporary_folder.h"

namespace echelon::train {
namespace {

using checkpoint::Contents;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A tensor that tells whose it is.
Contents contents_of(int64_t step, int rank, int count) {
  Contents contents;
  contents.manifest.step = step;
  contents.manifest.model_family = "mlp";
  contents.manifest.config = "seed: 0\n";
  contents.part = contents.optimizer_part = {rank, count};
  contents.model[str_format("w{}", rank)] = at::full({2}, rank, at::kDouble);
  contents.optimizer[checkpoint::piece_name("m", 2 * rank, 2 * rank + 2)] = at::full({2}, rank, at::kDouble);
  return contents;
}

/// Runs `save` as `ranks` ranks, of which the first has the store.
void run_with_store(const fs::path& folder, int ranks,
                    const std::function<void(checkpoint::Store*, Communicator&)>& save) {
  run_ranks(ranks, [&](Communicator& comm) {
    std::optional<checkpoint::Store> store;
    if (comm.rank() == 0) store.emplace(folder, checkpoint::Retention{});
    save(store ? &*store : nullptr, comm);
  });
}

size_t entries(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(SaveCheckpoint, PutsThePartsOfAllRanksTogether) {
  const TemporaryFolder folder;
  run_with_store(folder.path(), 4, [](checkpoint::Store* store, Communicator& comm) {
    for (const int64_t step : {10, 20}) {
      Contents contents = contents_of(step, comm.rank(), 4);
      if (comm.rank() == 2) contents.model.clear();
      save_checkpoint(store, contents, comm);
    }
  });
  const auto newest = checkpoint::find_newest(folder.path());
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->manifest().step, 20);
  EXPECT_THAT(newest->tensors(checkpoint::kModelFile).names(), ElementsAre("w0", "w1", "w3"));
  const at::Tensor state = at::zeros({2, 4}, at::kDouble);
  newest->tensors(checkpoint::kOptimizerFile).copy("m", state);
  EXPECT_TRUE(at::equal(state.view({-1}), at::arange(8).floor_divide(2).to(at::kDouble)));
  EXPECT_EQ(entries(folder.path()), 3U);  // two steps and .lock
}

TEST(SaveCheckpoint, AloneTheOthersDoNotWait) {
  const TemporaryFolder folder;
  run_with_store(folder.path(), 2, [](checkpoint::Store* store, Communicator& comm) {
    Contents contents = contents_of(10, 0, 1);
    if (comm.rank() == 0) save_checkpoint(store, contents, comm);  // rank 1 does not come
  });
  EXPECT_TRUE(fs::exists(folder / "step-00000010/model.safetensors"));
}

TEST(SaveCheckpoint, FailsOnEveryRankWhereOneFails) {
  const TemporaryFolder folder;
  std::atomic<int> told{0};
  run_with_store(folder.path(), 3, [&](checkpoint::Store* store, Communicator& comm) {
    save_checkpoint(store, contents_of(10, comm.rank(), 3), comm);
    Contents contents = contents_of(20, comm.rank(), 3);
    if (comm.rank() > 0) contents.model["z"] = at::zeros({2}, at::kComplexDouble);
    try {
      save_checkpoint(store, contents, comm);
    } catch (const CheckpointError& error) {
      EXPECT_THAT(
          error.what(),
          AllOf(HasSubstr("the checkpoint of step 20 was not written: rank 1: safetensors has no type "
                          "ComplexDouble; rank 2: safetensors has no type ComplexDouble"),
                HasSubstr("earlier checkpoints are untouched")));
      ++told;
    }
    save_checkpoint(store, contents_of(30, comm.rank(), 3), comm);
  });
  EXPECT_EQ(told, 3);
  EXPECT_FALSE(fs::exists(folder / "step-00000020"));
  EXPECT_EQ(checkpoint::find_newest(folder.path())->manifest().step, 30);
  EXPECT_EQ(entries(folder.path()), 3U);  // two steps and .lock
}

TEST(SaveCheckpoint, FailsOnEveryRankWhereTheFolderCannotBeMade) {
  const TemporaryFolder folder;
  std::atomic<int> told{0};
  run_with_store(folder / "checkpoints", 2, [&](checkpoint::Store* store, Communicator& comm) {
    if (comm.rank() == 0) fs::remove_all(folder / "checkpoints");
    try {
      save_checkpoint(store, contents_of(20, comm.rank(), 2), comm);
    } catch (const CheckpointError& error) {
      EXPECT_THAT(error.what(), HasSubstr("step-00000020"));
      ++told;
    }
  });
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace echelon::train
