#include "bench/memory_use.h"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "temporary_folder.h"

namespace echelon::bench {
namespace {

TEST(MemoryUse, ReadsWhatLinuxTells) {
  const TemporaryFolder root;
  std::filesystem::create_directories(root.path() / "proc/self");
  std::ofstream(root.path() / "proc/self/status")
      << "Name:\techelon\nVmPeak:\t  999 kB\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\nRssAnon:\t   50 kB\n"
         "RssFile:\t  150 kB\nThreads:\t4\n";
  const MemoryUse use = memory_use(root.path());
  EXPECT_EQ(use.resident, 200 * 1024);
  EXPECT_EQ(use.peak, 300 * 1024);
  EXPECT_EQ(use.own, 50 * 1024);
}

TEST(MemoryUse, IsZeroWhereNothingIsTold) {
  const TemporaryFolder root;
  EXPECT_EQ(memory_use(root.path()).resident, 0);
}

TEST(MemoryUse, SeesMemoryThatIsTouched) {
  constexpr size_t kBytes = size_t{64} << 20;
  const MemoryUse before = memory_use();
  std::vector<char> touched(kBytes, 1);
  const MemoryUse after = memory_use();
  EXPECT_EQ(touched[kBytes / 2], 1);
  EXPECT_GE(after.own - before.own, static_cast<int64_t>(kBytes) * 9 / 10);
  EXPECT_GE(after.peak, after.resident);
}

}  // namespace
}  // namespace echelon::bench
