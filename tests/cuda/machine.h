// A made-up machine for the loader: a folder as /dev, fake driver and module files, and the fake driver's
// answers.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "cuda/module.h"

namespace echelon {

class FakeMachine {
 public:
  FakeMachine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "echelon-cuda-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    paths.device_files = folder_;
    paths.driver = FAKE_CUDA_DRIVER;
    paths.module = FAKE_CUDA_MODULE;
    set_driver(0, 2);
  }
  ~FakeMachine() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    unsetenv("CUDA_VISIBLE_DEVICES");
  }

  FakeMachine& add_gpu() {
    std::ofstream(folder_ / "nvidiactl").put('\n');
    return *this;
  }
  void set_driver(int init_code, int devices) {
    setenv("FAKE_CUDA_INIT", std::to_string(init_code).c_str(), 1);
    setenv("FAKE_CUDA_DEVICES", std::to_string(devices).c_str(), 1);
  }
  CudaLookup look() const { return look_for_cuda(paths); }

  CudaPaths paths;

 private:
  std::filesystem::path folder_;
};

}  // namespace echelon
