#include "cuda/driver.h"

#include <gmock/gmock.h>

#include "cuda/machine.h"

namespace echelon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

DriverAnswer ask(const FakeMachine& machine) {
  return ask_cuda_driver(machine.paths.device_files, machine.paths.driver);
}

TEST(AskCudaDriver, CountsTheDevicesOfAMachineWithGpus) {
  FakeMachine machine;
  machine.add_gpu().set_driver(0, 8);
  const DriverAnswer answer = ask(machine);
  EXPECT_EQ(answer.devices, 8);
  EXPECT_TRUE(answer.gpu_present);
  EXPECT_EQ(answer.why_not, "");
}

TEST(AskCudaDriver, DoesNotLookForTheDriverWhereNoDeviceFileIs) {
  FakeMachine machine;  // its driver would show two devices
  const DriverAnswer answer = ask(machine);
  EXPECT_EQ(answer.devices, 0);
  EXPECT_FALSE(answer.gpu_present);
  EXPECT_THAT(answer.why_not, AllOf(HasSubstr("nvidiactl"), HasSubstr("--gpus all")));
}

TEST(AskCudaDriver, SaysThatTheDriverIsMissing) {
  FakeMachine machine;
  machine.add_gpu();
  machine.paths.driver = "libechelon-no-such-driver.so.1";
  const DriverAnswer answer = ask(machine);
  EXPECT_TRUE(answer.gpu_present);
  EXPECT_THAT(answer.why_not,
              AllOf(HasSubstr("libechelon-no-such-driver.so.1"), HasSubstr("install the NVIDIA driver")));
}

TEST(AskCudaDriver, NamesTheDriversOwnError) {
  FakeMachine machine;
  machine.add_gpu().set_driver(999, 2);
  const DriverAnswer answer = ask(machine);
  EXPECT_EQ(answer.devices, 0);
  EXPECT_TRUE(answer.gpu_present);
  EXPECT_THAT(answer.why_not, HasSubstr("CUDA_ERROR_UNKNOWN"));
}

TEST(AskCudaDriver, BlamesCudaVisibleDevicesWhenItHidesTheGpus) {
  FakeMachine machine;
  machine.add_gpu().set_driver(100, 0);  // CUDA_ERROR_NO_DEVICE
  setenv("CUDA_VISIBLE_DEVICES", "-1", 1);
  const DriverAnswer answer = ask(machine);
  EXPECT_FALSE(answer.gpu_present);
  EXPECT_THAT(answer.why_not, HasSubstr("CUDA_VISIBLE_DEVICES is '-1'"));
}

}  // namespace
}  // namespace echelon
