// A CUDA module without CUDA: as many devices as the test says; remembers the device that was set.
#pragma once

#include "common/error.h"
#include "cuda/module.h"

namespace echelon {

class FakeCudaModule : public CudaModule {
 public:
  explicit FakeCudaModule(int devices) : devices_(devices) {}
  int device_count() const override { return devices_; }
  void set_device(int device) override { current_ = device; }
  CudaDevice describe(int) const override { return {"fake", 9, 0}; }
  CudaMemory memory(int) const override { return {}; }
  CudaVersions versions() const override { return {}; }
  std::unique_ptr<Communicator> make_nccl(WatchedCommunicator&, int) override {
    throw InternalError("the fake module has no NCCL");
  }
  std::shared_ptr<image::GpuDecoder> make_image_decoder(int, std::string* why_not) override {
    *why_not = "the fake module has no nvJPEG";
    return nullptr;
  }
  int current() const { return current_; }

 private:
  int devices_;
  int current_ = -1;
};

}  // namespace echelon
