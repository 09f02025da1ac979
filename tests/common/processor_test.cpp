#include "common/processor.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "temporary_folder.h"

namespace echelon {
namespace {

/// The files of the control groups of a process.
class CoreQuotaTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& content) {
    const std::filesystem::path file = folder_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  double quota() { return core_quota(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(CoreQuotaTest, IsInfiniteWithoutALimit) {
  EXPECT_TRUE(std::isinf(quota()));
  write("proc/self/cgroup", "0::/user.slice/job\n");
  EXPECT_TRUE(std::isinf(quota()));
  write("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  EXPECT_TRUE(std::isinf(quota()));
}

TEST_F(CoreQuotaTest, OfVersionTwoIsTheLeastOfTheGroupsAround) {
  write("proc/self/cgroup", "0::/slice/pod/container\n");
  write("sys/fs/cgroup/slice/pod/container/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota(), 8);
  write("sys/fs/cgroup/slice/pod/cpu.max", "350000 100000\n");
  EXPECT_EQ(quota(), 3.5);
}

TEST_F(CoreQuotaTest, InsideAContainerTheGroupIsTheRoot) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(CoreQuotaTest, OfVersionOne) {
  write("proc/self/cgroup", "12:cpuset:/\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 4);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_TRUE(std::isinf(quota()));
}

TEST(DefaultThreads, AreAnEqualShareOfTheCores) {
  const int cores = static_cast<int>(allowed_cores().size());
  ASSERT_GE(cores, 1);
  const int all = std::min(cores, static_cast<int>(std::min(core_quota(), 1e6)));
  EXPECT_EQ(default_threads(1, 1), std::max(1, all));
  EXPECT_EQ(default_threads(cores, 1), 1);
  EXPECT_EQ(default_threads(1000 * cores, 1), 1) << "never none";
}

}  // namespace
}  // namespace echelon
