#include "train/gpu_decoder.h"

#include <gmock/gmock.h>

#include "cuda/fake_module.h"
#include "image/gpu/raw_decoder.h"

namespace echelon::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

data::DataSettings images(data::Decode decode) {
  data::ImageSettings settings;
  settings.decode = decode;
  return settings;
}

class ModuleWithDecoder final : public FakeCudaModule {
 public:
  ModuleWithDecoder() : FakeCudaModule(2) {}
  std::shared_ptr<image::GpuDecoder> make_image_decoder(int device, std::string*) override {
    asked_ = device;
    return std::make_shared<image::RawDecoder>();
  }
  int asked() const { return asked_; }

 private:
  int asked_ = -1;
};

TEST(GpuDecoder, IsAskedForTheDeviceOfTheRank) {
  ModuleWithDecoder module;
  EXPECT_NE(gpu_decoder(images(data::Decode::kGpu), {&module, 1}), nullptr);
  EXPECT_EQ(module.asked(), 1);
}

TEST(GpuDecoder, IsNotAskedForUnlessTheSettingsDo) {
  ModuleWithDecoder module;
  EXPECT_EQ(gpu_decoder(images(data::Decode::kCpu), {&module, 1}), nullptr);
  EXPECT_EQ(gpu_decoder(data::TextSettings{}, {&module, 1}), nullptr);
  EXPECT_EQ(module.asked(), -1);
}

TEST(GpuDecoder, IsRefusedWhereTheRunComputesOnTheCpu) {
  EXPECT_THAT([] { gpu_decoder(images(data::Decode::kGpu), {}); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("data.decode: gpu"), HasSubstr("decode: cpu"))));
}

TEST(GpuDecoder, IsRefusedWithTheReasonWhereTheModuleHasNone) {
  FakeCudaModule module(1);
  EXPECT_THAT(
      [&] {
        gpu_decoder(images(data::Decode::kGpu), {&module, 0});
      },
      ThrowsMessage<ConfigError>(
          AllOf(HasSubstr("data.decode: gpu"), HasSubstr("the fake module has no nvJPEG"))));
}

}  // namespace
}  // namespace echelon::train
