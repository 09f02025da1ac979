#include "common/processor.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "temporary_folder.h"

namespace echelon {
namespace {

/// A file system of its own under /sys and /proc.
class ProcessorTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& content) {
    const std::filesystem::path file = folder_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  double quota() { return core_quota(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(ProcessorTest, QuotaIsInfiniteWithoutALimit) {
  EXPECT_TRUE(std::isinf(quota()));
  write("proc/self/cgroup", "0::/user.slice/job\n");
  EXPECT_TRUE(std::isinf(quota()));
  write("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  EXPECT_TRUE(std::isinf(quota()));
}

TEST_F(ProcessorTest, QuotaOfVersionTwoIsTheLeastOfTheGroupsAround) {
  write("proc/self/cgroup", "0::/slice/pod/container\n");
  write("sys/fs/cgroup/slice/pod/container/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota(), 8);
  write("sys/fs/cgroup/slice/pod/cpu.max", "350000 100000\n");
  EXPECT_EQ(quota(), 3.5);
}

TEST_F(ProcessorTest, QuotaInsideAContainerTheGroupIsTheRoot) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(ProcessorTest, QuotaOfVersionOne) {
  write("proc/self/cgroup", "12:cpuset:/\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 4);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_TRUE(std::isinf(quota()));
}

TEST_F(ProcessorTest, HyperThreadsOfACoreCountOnce) {
  const auto siblings = [&](int cpu, const std::string& list) {
    write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list", list + "\n");
  };
  for (const int cpu : {0, 4}) siblings(cpu, "0,4");
  for (const int cpu : {1, 5}) siblings(cpu, "1,5");
  EXPECT_EQ(count_cores({0, 1, 4, 5}, folder_.path()), 2);
  EXPECT_EQ(count_cores({0, 5}, folder_.path()), 2);
  EXPECT_EQ(count_cores({0, 4}, folder_.path()), 1);
  EXPECT_EQ(count_cores({7, 8}, folder_.path()), 2) << "nothing is known of these";
}

TEST(DefaultThreads, AreAnEqualShareOfTheCores) {
  const int cores = count_cores(allowed_processors());
  ASSERT_GE(cores, 1);
  const int all = std::min(cores, static_cast<int>(std::min(core_quota(), 1e6)));
  EXPECT_EQ(default_threads(1, 1), std::max(1, all));
  EXPECT_EQ(default_threads(cores, 1), 1);
  EXPECT_EQ(default_threads(1000 * cores, 1), 1) << "never none";
}

}  // namespace
}  // namespace echelon
