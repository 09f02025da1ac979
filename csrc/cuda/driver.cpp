#include "cuda/driver.h"

#include <dlfcn.h>

#include <cstdlib>

#include "common/format.h"

namespace echelon {
namespace {

constexpr int kSuccess = 0;          // CUDA_SUCCESS (cuda.h)
constexpr int kErrorNoDevice = 100;  // CUDA_ERROR_NO_DEVICE

DriverAnswer no_gpu(const std::string& why_not) {
  return {.devices = 0, .gpu_present = false, .why_not = why_not};
}
DriverAnswer unusable_gpu(const std::string& why_not) {
  return {.devices = 0, .gpu_present = true, .why_not = why_not};
}

std::string error_name(void* library, int code) {
  auto get_name = reinterpret_cast<int (*)(int, const char**)>(dlsym(library, "cuGetErrorName"));
  const char* name = nullptr;
  if (get_name == nullptr || get_name(code, &name) != kSuccess || name == nullptr)
    return str_format("error {}", code);
  return name;
}

DriverAnswer no_visible_device() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible == nullptr) {
    return no_gpu(
        "the NVIDIA driver shows no GPU to this process: ask the scheduler for one, or check nvidia-smi");
  }
  return no_gpu(
      str_format("the NVIDIA driver shows no GPU to this process because CUDA_VISIBLE_DEVICES is '{}': "
                 "name a GPU there, or unset it",
                 visible));
}

DriverAnswer count_devices(void* library) {
  auto initialize = reinterpret_cast<int (*)(unsigned)>(dlsym(library, "cuInit"));
  auto get_count = reinterpret_cast<int (*)(int*)>(dlsym(library, "cuDeviceGetCount"));
  if (initialize == nullptr || get_count == nullptr) {
    return unusable_gpu("the NVIDIA driver library has no cuInit or cuDeviceGetCount: reinstall the driver");
  }
  int devices = 0;
  int code = initialize(0);
  if (code == kSuccess) code = get_count(&devices);
  if (code == kErrorNoDevice || (code == kSuccess && devices == 0)) return no_visible_device();
  if (code != kSuccess) {
    return unusable_gpu(str_format(
        "the NVIDIA driver does not start ({}): check nvidia-smi; after a driver update the machine "
        "needs a restart",
        error_name(library, code)));
  }
  return {.devices = devices, .gpu_present = true, .why_not = ""};
}

}  // namespace

DriverAnswer ask_cuda_driver(const std::filesystem::path& device_files, const std::string& driver_library) {
  std::error_code ignored;
  if (!std::filesystem::exists(device_files / "nvidiactl", ignored) &&
      !std::filesystem::exists(device_files / "dxg", ignored)) {
    return no_gpu(str_format(
        "no NVIDIA GPU is visible here ({} is not there): run on a GPU node; in a container, pass the "
        "GPU in (docker run --gpus all, or the resource nvidia.com/gpu)",
        (device_files / "nvidiactl").string()));
  }
  void* library = dlopen(driver_library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return unusable_gpu(str_format(
        "a GPU is there but its driver library cannot be loaded ({}): install the NVIDIA driver; in "
        "a container, start it with the NVIDIA Container Toolkit",
        dlerror()));
  }
  return count_devices(library);
}

}  // namespace echelon
