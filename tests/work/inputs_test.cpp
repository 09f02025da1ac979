#include "work/inputs.h"

#include <gmock/gmock.h>

#include <atomic>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/file.h"
#include "temporary_folder.h"

namespace echelon::work {
namespace {

TEST(Inputs, EachIsLookedAtOnceAndKnownToAllRanks) {
  const TemporaryFolder folder;
  std::vector<std::string> paths;
  for (int i = 0; i < 7; ++i) {
    paths.push_back((folder / ("file" + std::to_string(i))).string());
    write_file_atomically(paths.back(), std::string(static_cast<size_t>(i), 'x'));
  }
  for (const int ranks : {1, 3, 8}) {
    std::atomic<int> looks = 0;
    run_ranks(ranks, [&](Communicator& comm) {
      storage::Storage storage;
      const auto look = [&](const std::string& path, const storage::RandomAccessFile& file) -> Json {
        ++looks;
        return {{"path", path}, {"half", file.size() / 2}};
      };
      const std::vector<SeenInput> seen = look_at_inputs(paths, storage, comm, look);
      ASSERT_EQ(seen.size(), paths.size());
      for (size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i].file.name, paths[i]);
        EXPECT_EQ(seen[i].file.bytes, static_cast<int64_t>(i));
        EXPECT_FALSE(seen[i].file.version.empty());
        EXPECT_EQ(seen[i].facts.at("path"), paths[i]);
        EXPECT_EQ(seen[i].facts.at("half"), static_cast<int64_t>(i / 2));
      }
    });
    EXPECT_EQ(looks, 7) << ranks;
  }
}

TEST(Inputs, OneThatIsMissingIsNamedOnEveryRank) {
  const TemporaryFolder folder;
  std::atomic<int> thrown = 0;
  run_ranks(3, [&](Communicator& comm) {
    storage::Storage storage;
    try {
      look_at_inputs({(folder / "nowhere").string()}, storage, comm);
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("nowhere"));
      ++thrown;
    }
  });
  EXPECT_EQ(thrown, 3);
}

}  // namespace
}  // namespace echelon::work
