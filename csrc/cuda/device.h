// Which device a rank computes on, from `device: auto | cpu | cuda`.
#pragma once

#include <string>

#include "cuda/module.h"

namespace echelon {

struct DeviceChoice {
  CudaModule* module = nullptr;  ///< null: the CPU
  int index = -1;                ///< CUDA device of this rank
  bool is_cuda() const { return module != nullptr; }
};

/// `cuda` without GPU, driver or module throws ConfigError that names what is missing and how to get it.
/// `auto` takes the CPU instead: silently where no GPU is visible, with a warning (local rank 0) where one is
/// and cannot be used. Ranks of a node take the visible devices in turn; more ranks than devices share them.
/// Makes the device current for this thread.
DeviceChoice choose_device(const std::string& setting, int local_rank);

/// The same with the answer of look_for_cuda() given.
DeviceChoice choose_device(const std::string& setting, int local_rank, const CudaLookup& lookup);

}  // namespace echelon
