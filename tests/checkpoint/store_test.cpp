#include "checkpoint/store.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "checkpoint/inspect.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "temporary_folder.h"

namespace echelon::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Every tensor says which step it belongs to.
Contents contents_of(int64_t step, double loss = 1, int64_t elements = 100) {
  Contents contents;
  contents.manifest.step = step;
  contents.manifest.model_family = "mlp";
  contents.manifest.config = "seed: 0\n";
  contents.manifest.metrics = {{"loss", loss}};
  contents.model["w"] = at::full({elements}, step, at::kDouble);
  contents.optimizer["optimizer.step"] = at::scalar_tensor(step, at::kLong);
  return contents;
}

std::vector<int64_t> steps_in(const fs::path& folder) {
  std::vector<int64_t> steps;
  for (const StepFolder& found : list_step_folders(folder)) steps.push_back(found.step);
  return steps;
}

void flip_byte(const fs::path& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const char byte = static_cast<char>(file.get());
  file.seekp(at);
  file.put(static_cast<char>(byte ^ 4));
}

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Store, SavesAndLoads) {
  const TemporaryFolder folder;
  Store store(folder / "checkpoints", {});
  Contents contents = contents_of(100);
  contents.average["w"] = at::zeros({3});
  EXPECT_EQ(store.save(contents), folder / "checkpoints/step-00000100");
  const auto newest = find_newest(folder / "checkpoints");
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->manifest().step, 100);
  EXPECT_EQ(newest->manifest().config, "seed: 0\n");
  EXPECT_TRUE(at::equal(newest->open(kModelFile).view("w"), contents.model["w"]));
  EXPECT_EQ(newest->open(kOptimizerFile).view("optimizer.step").item<int64_t>(), 100);
  EXPECT_EQ(newest->open(kAverageFile).tensors().size(), 1);
  for (const char* name : {"", "checkpoints", "checkpoints/step-00000100"}) {
    EXPECT_EQ(open_checkpoint(folder / name).manifest().step, 100) << name;
  }
}

/// What writer `number` of `count` has: a tensor of its own, and a piece of one that all share.
Contents part_of_contents(FilePart part) {
  Contents contents = contents_of(5);
  contents.part = contents.optimizer_part = part;
  contents.model = {{str_format("w{}", part.number), at::full({3}, part.number, at::kDouble)}};
  const int64_t begin = 10 * part.number;
  contents.optimizer = {{piece_name("m", begin, begin + 10), at::arange(begin, begin + 10)}};
  return contents;
}

TEST(Store, TextsBelongToTheCheckpoint) {
  const TemporaryFolder folder;
  Store store(folder / "checkpoints", {});
  Contents contents = contents_of(1);
  contents.texts[kFeaturesFile] = "{\"features\": []}\n";
  const fs::path path = store.save(contents);
  const Checkpoint checkpoint(path);
  EXPECT_EQ(checkpoint.text(kFeaturesFile), contents.texts[kFeaturesFile]);
  EXPECT_THAT(inspect(path), HasSubstr("features.json: 17 B, checksum verified"));
  flip_byte(path / kFeaturesFile, 3);
  EXPECT_THAT(message_of([&] { checkpoint.verify(); }), HasSubstr("features.json was altered"));
  fs::remove(path / kFeaturesFile);
  EXPECT_THAT(message_of([&] { Checkpoint again(path); }),
              HasSubstr("features.json belongs to the checkpoint"));
}

TEST(Store, FilesOfSeveralWritersAreOneCheckpoint) {
  const TemporaryFolder folder;
  Store store(folder.path(), {});
  const fs::path place = store.begin(5);
  EXPECT_FALSE(find_newest(folder.path()));
  std::vector<StoredFile> files;
  for (const int writer : {2, 0, 1}) {
    for (const StoredFile& file : write_files(place, part_of_contents({writer, 3}))) files.push_back(file);
  }
  EXPECT_FALSE(find_newest(folder.path()));
  EXPECT_EQ(store.commit(part_of_contents({0, 3}).manifest, files), folder / "step-00000005");

  const auto newest = find_newest(folder.path());
  ASSERT_TRUE(newest);
  EXPECT_TRUE(fs::exists(folder / "step-00000005/model-00002-of-00003.safetensors"));
  EXPECT_EQ(newest->manifest().files.size(), 6U);
  const LogicalTensors model = newest->tensors(kModelFile);
  EXPECT_THAT(model.names(), ElementsAre("w0", "w1", "w2"));
  const at::Tensor state = at::zeros({6, 5}, at::kLong);
  newest->tensors(kOptimizerFile).copy("m", state);
  EXPECT_TRUE(at::equal(state, at::arange(30).view({6, 5})));
  EXPECT_FALSE(newest->has(kAverageFile));
}

TEST(Store, AWriterMayHaveNothing) {
  const TemporaryFolder folder;
  Store store(folder.path(), {});
  const fs::path place = store.begin(5);
  std::vector<StoredFile> files;
  for (const int writer : {0, 1, 2}) {
    Contents contents = part_of_contents({writer, 3});
    if (writer == 1) contents.model.clear();  // a stage without parameters
    if (writer > 0) contents.optimizer.clear();
    for (const StoredFile& file : write_files(place, contents)) files.push_back(file);
  }
  store.commit(contents_of(5).manifest, files);
  const auto newest = find_newest(folder.path());
  EXPECT_THAT(newest->tensors(kModelFile).names(), ElementsAre("w0", "w2"));
  EXPECT_THAT(newest->tensors(kOptimizerFile).names(), ElementsAre("m"));
}

TEST(Store, GivesUpWithoutATrace) {
  const TemporaryFolder folder;
  Store store(folder.path(), {});
  store.save(contents_of(1));
  write_files(store.begin(5), part_of_contents({0, 2}));
  EXPECT_THAT(message_of([&] { store.give_up(5, "rank 1: no paper"); }),
              testing::StartsWith("the checkpoint of step 5 was not written: rank 1: no paper"));
  EXPECT_EQ(find_newest(folder.path())->manifest().step, 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()),
            2);  // step 1 and .lock
}

TEST(Store, ALostPartIsDamage) {
  const TemporaryFolder folder;
  Store store(folder.path(), {});
  const fs::path place = store.begin(5);
  std::vector<StoredFile> files = write_files(place, part_of_contents({0, 2}));
  for (const StoredFile& file : write_files(place, part_of_contents({1, 2}))) files.push_back(file);
  const fs::path saved = store.commit(contents_of(5).manifest, files);
  fs::remove(saved / "optimizer-00002-of-00002.safetensors");
  EXPECT_THAT(message_of([&] { open_checkpoint(saved); }),
              HasSubstr("optimizer-00002-of-00002.safetensors belongs to the checkpoint"));
}

TEST(Store, NothingToResumeFrom) {
  const TemporaryFolder folder;
  EXPECT_FALSE(find_newest(folder / "missing"));
  EXPECT_FALSE(find_newest(folder.path()));
  EXPECT_THAT(message_of([&] { open_checkpoint(folder / "missing"); }), HasSubstr("does not exist"));
  EXPECT_THAT(message_of([&] { open_checkpoint(folder.path()); }), HasSubstr("holds none"));
}

TEST(Store, KeepsNewestAndBest) {
  const TemporaryFolder folder;
  Store store(folder.path(), {.newest = 2, .best = 1, .metric = "loss"});
  const std::vector<double> losses{0.9, 0.2, 0.5, NAN, 0.4, 0.3};
  for (size_t i = 0; i < losses.size(); ++i) store.save(contents_of(static_cast<int64_t>(i + 1), losses[i]));
  EXPECT_THAT(steps_in(folder.path()), ElementsAre(2, 5, 6));
}

TEST(Store, HigherCanBeBetter) {
  const TemporaryFolder folder;
  Store store(folder.path(), {.newest = 1, .best = 2, .metric = "loss", .higher_is_better = true});
  for (int64_t step = 1; step <= 5; ++step) store.save(contents_of(step, static_cast<double>(10 - step)));
  EXPECT_THAT(steps_in(folder.path()), ElementsAre(1, 2, 5));
}

TEST(Store, ReplacesACheckpointOfTheSameStep) {
  const TemporaryFolder folder;
  Store store(folder.path(), {});
  store.save(contents_of(7, 1.0));
  store.save(contents_of(7, 0.5));
  EXPECT_EQ(find_newest(folder.path())->manifest().metrics.at("loss"), 0.5);
  EXPECT_THAT(steps_in(folder.path()), ElementsAre(7));
}

TEST(Store, FallsBackFromDamagedCheckpoints) {
  const TemporaryFolder folder;
  Store store(folder.path(), {.newest = 9});
  for (const int64_t step : {10, 20, 30, 40, 50}) store.save(contents_of(step));
  fs::remove(folder / "step-00000050/manifest.json");
  fs::resize_file(folder / "step-00000040/model.safetensors", 200);
  flip_byte(folder / "step-00000030/model.safetensors", 300);
  fs::remove(folder / "step-00000020/optimizer.safetensors");

  testing::internal::CaptureStderr();
  EXPECT_EQ(find_newest(folder.path())->manifest().step, 10);
  const std::string warnings = testing::internal::GetCapturedStderr();
  EXPECT_THAT(warnings, HasSubstr("step-00000050/manifest.json"));
  EXPECT_THAT(warnings, HasSubstr("step-00000040/model.safetensors is truncated"));
  EXPECT_THAT(warnings, HasSubstr("step-00000030/model.safetensors was altered"));
  EXPECT_THAT(warnings, HasSubstr("step-00000020/optimizer.safetensors"));

  // Asked for by name, damage is an error.
  EXPECT_THAT(message_of([&] { open_checkpoint(folder / "step-00000030"); }), HasSubstr("altered"));
  EXPECT_THAT(message_of([&] { inspect(folder / "step-00000040"); }), HasSubstr("truncated"));
  EXPECT_THAT(message_of([&] { inspect(folder / "step-00000030/model.safetensors"); }), HasSubstr("altered"));

  flip_byte(folder / "step-00000010/manifest.json", 100);
  testing::internal::CaptureStderr();
  EXPECT_THAT(message_of([&] { find_newest(folder.path()); }), HasSubstr("every checkpoint"));
  testing::internal::GetCapturedStderr();
}

TEST(Store, DamagedOnesDoNotCountAmongTheKept) {
  const TemporaryFolder folder;
  Store store(folder.path(), {.newest = 2});
  for (const int64_t step : {10, 20, 30}) store.save(contents_of(step));
  fs::resize_file(folder / "step-00000030/model.safetensors", 200);
  store.save(contents_of(40));
  EXPECT_THAT(steps_in(folder.path()), ElementsAre(20, 30, 40));
}

TEST(Store, FullDiskLeavesTheCheckpointBefore) {
  const TemporaryFolder folder;
  Store store(folder.path(), {});
  store.save(contents_of(1));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 50'000;  // no file may grow beyond: write(2) fails midway, as on a full disk
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = message_of([&] { store.save(contents_of(2, 1, 100'000)); });
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);

  EXPECT_THAT(message, HasSubstr("the checkpoint of step 2 was not written"));
  EXPECT_THAT(message, HasSubstr("model.safetensors: File too large"));
  EXPECT_EQ(find_newest(folder.path())->manifest().step, 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()),
            2);  // step 1 and .lock
}

TEST(Store, LaterStepsCanBeSetAside) {
  const TemporaryFolder folder;
  Store store(folder.path(), {.newest = 9});
  for (const int64_t step : {10, 20, 30}) store.save(contents_of(step));
  EXPECT_EQ(store.set_aside_after(10), 2);
  EXPECT_THAT(steps_in(folder.path()), ElementsAre(10));
  store.save(contents_of(20));
  EXPECT_EQ(store.set_aside_after(10), 1);
  EXPECT_EQ(open_checkpoint(folder / "step-00000020.aside-1").manifest().step, 20);
  EXPECT_EQ(open_checkpoint(folder / "step-00000020.aside-2").manifest().step, 20);
}

TEST(Store, OneWriterAFolder) {
  const TemporaryFolder folder;
  {
    const Store store(folder.path(), {});
    EXPECT_THAT(message_of([&] { Store(folder.path(), {}); }), HasSubstr(str_format("process {}", getpid())));
  }
  const Store again(folder.path(), {});
}

TEST(Store, RemovesWhatDeadWritersLeft) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "step-00000003.tmp-12345");
  fs::create_directories(folder / "step-00000002.tmp-removed-12345");
  fs::create_directories(folder / "mine.tmp-1");
  const Store store(folder.path(), {});
  EXPECT_FALSE(fs::exists(folder / "step-00000003.tmp-12345"));
  EXPECT_FALSE(fs::exists(folder / "step-00000002.tmp-removed-12345"));
  EXPECT_TRUE(fs::exists(folder / "mine.tmp-1"));
}

TEST(Store, InspectListsTensorsAndManifest) {
  const TemporaryFolder folder;
  Store store(folder.path(), {});
  store.save(contents_of(100, 0.25));
  const std::string text = inspect(folder.path());
  EXPECT_THAT(text, HasSubstr("step        100"));
  EXPECT_THAT(text, HasSubstr("loss 0.25"));
  EXPECT_THAT(text, testing::ContainsRegex("w +F64 +\\[100\\] +800 B"));
  EXPECT_THAT(text, testing::ContainsRegex("optimizer.step +I64 +\\[\\] +8 B"));
  EXPECT_THAT(inspect(folder / "step-00000100/model.safetensors"), HasSubstr("checksum verified"));
  EXPECT_TRUE(can_inspect(folder.path()));
  EXPECT_FALSE(can_inspect("/etc"));
}

/// Saves step after step until it is killed; `finished` is the last step whose save() returned.
[[noreturn]] void save_forever(const fs::path& folder, std::atomic<int64_t>& finished) {
  Store store(folder, {.newest = 1, .best = 1, .metric = "loss"});
  for (int64_t step = finished + 1;; ++step) {
    store.save(contents_of(step, static_cast<double>(step % 7), 20'000));
    finished = step;
  }
}

TEST(Store, KilledAtAnyMomentTheNewestIsIntact) {
  const TemporaryFolder folder;
  void* shared = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& finished = *new (shared) std::atomic<int64_t>(0);
  RandomStream random(11);
  for (int kill_number = 0; kill_number < 50; ++kill_number) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) save_forever(folder.path(), finished);
    // Some are killed while they open the store, the others in the midst of a later save.
    const int64_t wanted = finished + static_cast<int64_t>(random.below(3));
    const Stopwatch waited;
    while (finished < wanted && waited.seconds() < 5) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(10'000)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);

    testing::internal::CaptureStderr();
    const auto newest = find_newest(folder.path());
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    if (!newest) {
      EXPECT_EQ(finished, 0);
      continue;
    }
    EXPECT_GE(newest->manifest().step, finished);
    const auto expected = static_cast<double>(newest->manifest().step);
    EXPECT_TRUE(newest->open(kModelFile).view("w").eq(expected).all().item<bool>());
  }
  EXPECT_GT(finished, 20);
  munmap(shared, 4096);
}

}  // namespace
}  // namespace echelon::checkpoint
