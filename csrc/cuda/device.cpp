#include "cuda/device.h"

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon {

DeviceChoice choose_device(const std::string& setting, int local_rank, const CudaLookup& lookup) {
  if (setting == "cpu") return {};
  if (setting != "auto" && setting != "cuda") {
    throw ConfigError(str_format("device: '{}' is none of auto, cpu or cuda", setting));
  }
  if (lookup.module == nullptr) {
    if (setting == "cuda") throw ConfigError(str_format("device: cuda cannot be used: {}", lookup.why_not));
    if (lookup.gpu_present && local_rank == 0) {
      log::warning("computing on the CPU although a GPU is there: {}", lookup.why_not);
    }
    return {};
  }
  DeviceChoice choice{lookup.module, local_rank % lookup.module->device_count()};
  choice.module->set_device(choice.index);
  return choice;
}

DeviceChoice choose_device(const std::string& setting, int local_rank) {
  if (setting == "cpu") return {};
  return choose_device(setting, local_rank, cuda_lookup());
}

}  // namespace echelon
