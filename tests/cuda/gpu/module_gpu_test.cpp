// The module as the loader opens it on a machine with GPUs.
#include <ATen/Context.h>

#include "cuda/device.h"
#include "cuda/gpu/gpu_ranks.h"

namespace echelon {
namespace {

TEST(CudaModuleOnGpu, OpensAndIsSeenByLibTorch) {
  std::string why_not;
  CudaModule* module = open_cuda_module(&why_not);
  ASSERT_NE(module, nullptr) << why_not;
  EXPECT_GE(module->device_count(), 1);
  EXPECT_TRUE(at::globalContext().hasCUDA());
}

TEST(CudaModuleOnGpu, DescribesTheDevice) {
  CudaModule* module = open_cuda_module();
  ASSERT_NE(module, nullptr) << cuda_lookup().why_not;
  const CudaDevice device = module->describe(0);
  EXPECT_FALSE(device.name.empty());
  EXPECT_GE(device.capability_major, 7);  // the oldest that CUDA 13 supports is 7.5
  EXPECT_THAT(module->versions().nccl, ::testing::StartsWith("2."));
}

TEST(CudaModuleOnGpu, MemoryFallsByWhatIsAllocated) {
  CudaModule* module = open_cuda_module();
  ASSERT_NE(module, nullptr) << cuda_lookup().why_not;
  module->set_device(0);
  constexpr int64_t kBytes = int64_t{1} << 28;
  const CudaMemory before = module->memory(0);
  const at::Tensor block = at::empty({kBytes}, at::device(at::kCUDA).dtype(at::kByte));
  const CudaMemory after = module->memory(0);
  EXPECT_EQ(after.total_bytes, before.total_bytes);
  EXPECT_LE(after.free_bytes, before.free_bytes - kBytes);
}

TEST(ChooseDeviceOnGpu, AutoTakesAGpu) {
  const DeviceChoice choice = choose_device("auto", 0);
  ASSERT_TRUE(choice.is_cuda()) << cuda_lookup().why_not;
  EXPECT_EQ(choice.index, 0);
}

}  // namespace
}  // namespace echelon
