#include "cuda/module.h"

#include <gmock/gmock.h>

#include "cuda/machine.h"

namespace echelon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(LookForCuda, OpensTheModuleAndKeepsIt) {
  FakeMachine machine;
  const CudaLookup lookup = machine.add_gpu().look();
  ASSERT_NE(lookup.module, nullptr) << lookup.why_not;
  EXPECT_EQ(lookup.module->device_count(), 2);
  EXPECT_EQ(lookup.why_not, "");
  EXPECT_EQ(machine.look().module, lookup.module);
}

TEST(LookForCuda, TellsHowToGetAModuleThatWasNotBuilt) {
  FakeMachine machine;
  machine.paths.module = "/nonexistent/libechelon_cuda.so";
  const CudaLookup lookup = machine.add_gpu().look();
  EXPECT_EQ(lookup.module, nullptr);
  EXPECT_TRUE(lookup.gpu_present);
  EXPECT_THAT(lookup.why_not, AllOf(HasSubstr("/nonexistent/libechelon_cuda.so"), HasSubstr("CUDA toolkit"),
                                    HasSubstr("--gpu")));
}

TEST(LookForCuda, NamesTheCudaLibraryThatIsMissing) {
  FakeMachine machine;
  machine.paths.module = FAKE_CUDA_BROKEN_MODULE;
  const CudaLookup lookup = machine.add_gpu().look();
  EXPECT_EQ(lookup.module, nullptr);
  EXPECT_THAT(lookup.why_not,
              AllOf(HasSubstr("libechelon_fake_absent.so"), HasSubstr("run launch/bootstrap --gpu")));
}

TEST(LookForCuda, RefusesALibraryThatIsNotTheModule) {
  FakeMachine machine;
  machine.paths.module = FAKE_CUDA_DRIVER;
  const CudaLookup lookup = machine.add_gpu().look();
  EXPECT_EQ(lookup.module, nullptr);
  EXPECT_THAT(lookup.why_not, HasSubstr("echelon_cuda_module"));
}

TEST(LookForCuda, DoesNotOpenTheModuleWithoutAGpu) {
  FakeMachine machine;
  machine.paths.module = FAKE_CUDA_BROKEN_MODULE;
  EXPECT_THAT(machine.look().why_not, HasSubstr("no NVIDIA GPU is visible"));
}

TEST(DefaultCudaPaths, LooksBesideTheLibraryThatHoldsTheLoader) {
  EXPECT_EQ(default_cuda_paths().module.filename(), "libechelon_cuda.so");
  EXPECT_EQ(default_cuda_paths().module.parent_path(),
            std::filesystem::read_symlink("/proc/self/exe").parent_path());
}

}  // namespace
}  // namespace echelon
