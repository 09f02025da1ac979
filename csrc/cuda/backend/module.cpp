// libechelon_cuda.so: what the loader (cuda/module.h) opens.
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#include <nccl.h>

#include "comm/nccl/communicator.h"
#include "common/error.h"
#include "common/format.h"
#include "cuda/backend/event.h"
#include "cuda/module.h"
#include "image/gpu/nvjpeg_decoder.h"

namespace echelon {
namespace {

std::string cuda_version(int code) {
  return str_format("{}.{}", code / 1000, code % 1000 / 10);
}

std::string nccl_version() {
  int code = 0;
  ncclGetVersion(&code);
  return str_format("{}.{}.{}", code / 10000, code % 10000 / 100, code % 100);
}

class CudaBackend final : public CudaModule {
 public:
  explicit CudaBackend(int devices) : devices_(devices) {}

  int device_count() const override { return devices_; }

  void set_device(int device) override {
    check_cuda(cudaSetDevice(device), str_format("using device {}", device));
  }

  CudaDevice describe(int device) const override {
    cudaDeviceProp properties;
    check_cuda(cudaGetDeviceProperties(&properties, device), str_format("describing device {}", device));
    return {properties.name, properties.major, properties.minor};
  }

  CudaMemory memory(int device) const override {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
    size_t free = 0;
    size_t total = 0;
    check_cuda(cudaMemGetInfo(&free, &total), str_format("asking for the memory of device {}", device));
    return {static_cast<int64_t>(free), static_cast<int64_t>(total)};
  }

  CudaVersions versions() const override {
    int driver = 0;
    int runtime = 0;
    check_cuda(cudaDriverGetVersion(&driver), "asking for the driver's version");
    check_cuda(cudaRuntimeGetVersion(&runtime), "asking for the runtime's version");
    return {cuda_version(driver), cuda_version(runtime), nccl_version(), image::nvjpeg_version()};
  }

  std::unique_ptr<Communicator> make_nccl(WatchedCommunicator& bootstrap, int device) override {
    return std::make_unique<NcclCommunicator>(bootstrap.split_watched(0, bootstrap.rank()), device);
  }

  std::shared_ptr<image::GpuDecoder> make_image_decoder(int device, std::string* why_not) override {
    return image::make_nvjpeg_decoder(device, why_not);
  }

 private:
  int devices_;
};

std::string explain(cudaError_t code) {
  int driver = 0;
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (code == cudaErrorInsufficientDriver && driver == 0) {
    return "the CUDA runtime finds no libcuda.so.1: install the NVIDIA driver where the run-time linker "
           "finds it";
  }
  if (code == cudaErrorInsufficientDriver) {
    return str_format(
        "the NVIDIA driver is too old: it supports CUDA {}, LibTorch needs CUDA {}: update the driver",
        cuda_version(driver), cuda_version(runtime));
  }
  return str_format("the CUDA runtime does not start: {}: {}", cudaGetErrorName(code),
                    cudaGetErrorString(code));
}

}  // namespace
}  // namespace echelon

/// Null with the reason in `*why_not` when CUDA does not start; else the module, which lives as long
/// as the process.
extern "C" __attribute__((visibility("default"))) echelon::CudaModule* echelon_cuda_module(
    std::string* why_not) {
  int devices = 0;
  const cudaError_t code = cudaGetDeviceCount(&devices);
  if (code != cudaSuccess) {
    *why_not = echelon::explain(code);
    return nullptr;
  }
  static echelon::CudaBackend module(devices);
  return &module;
}
