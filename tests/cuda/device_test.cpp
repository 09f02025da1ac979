#include "cuda/device.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "cuda/fake_module.h"

namespace echelon {
namespace {

using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

const CudaLookup kCpuNode{.why_not = "no NVIDIA GPU is visible here"};
const CudaLookup kUnusableGpu{.gpu_present = true, .why_not = "the module was not built"};

CudaLookup usable(CudaModule& module) {
  return {.module = &module, .gpu_present = true, .why_not = ""};
}

TEST(ChooseDevice, RanksOfANodeTakeTheDevicesInTurn) {
  FakeCudaModule module(2);
  for (const auto& [local_rank, device] : {std::pair{0, 0}, {1, 1}, {2, 0}, {3, 1}}) {
    const DeviceChoice choice = choose_device("auto", local_rank, usable(module));
    EXPECT_TRUE(choice.is_cuda());
    EXPECT_EQ(choice.index, device);
    EXPECT_EQ(module.current(), device);
  }
}

TEST(ChooseDevice, CpuLeavesAGpuAlone) {
  FakeCudaModule module(2);
  EXPECT_FALSE(choose_device("cpu", 0, usable(module)).is_cuda());
  EXPECT_EQ(module.current(), -1);
}

TEST(ChooseDevice, CudaWithoutGpuSaysWhatIsMissing) {
  try {
    choose_device("cuda", 0, kCpuNode);
    FAIL() << "device: cuda was accepted without a GPU";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("device: cuda cannot be used: no NVIDIA GPU is visible here"));
  }
}

TEST(ChooseDevice, AutoIsSilentOnACpuNode) {
  CaptureStderr();
  EXPECT_FALSE(choose_device("auto", 0, kCpuNode).is_cuda());
  EXPECT_EQ(GetCapturedStderr(), "");
}

TEST(ChooseDevice, AutoWarnsOnceANodeWhenAGpuCannotBeUsed) {
  CaptureStderr();
  EXPECT_FALSE(choose_device("auto", 0, kUnusableGpu).is_cuda());
  EXPECT_THAT(GetCapturedStderr(), HasSubstr("the module was not built"));
  CaptureStderr();
  EXPECT_FALSE(choose_device("auto", 1, kUnusableGpu).is_cuda());
  EXPECT_EQ(GetCapturedStderr(), "");
}

TEST(ChooseDevice, RefusesAnUnknownSetting) {
  EXPECT_THROW(choose_device("gpu", 0, kCpuNode), ConfigError);
}

}  // namespace
}  // namespace echelon
