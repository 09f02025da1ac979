// What the NVIDIA driver says about this machine's GPUs, without LibTorch and without linking the driver.
#pragma once

#include <filesystem>
#include <string>

namespace echelon {

struct DriverAnswer {
  int devices = 0;           ///< GPUs that the driver shows to this process
  bool gpu_present = false;  ///< devices > 0, or device files are there but the driver does not start
  std::string why_not;       ///< with devices == 0: what is missing, and what to do
};

/// Looks for the device files first: on a CPU node that is all, and the driver library is not searched for.
DriverAnswer ask_cuda_driver(const std::filesystem::path& device_files, const std::string& driver_library);

}  // namespace echelon
