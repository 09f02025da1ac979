// Whether a run may decode images on its GPU, as `data.decode: gpu` asks.
#pragma once

#include <memory>

#include "cuda/device.h"
#include "data/settings.h"
#include "image/gpu/decoder.h"

namespace echelon::train {

/// Null unless the settings ask for it. Throws ConfigError where this rank computes on the CPU, and where the
/// CUDA module has no nvJPEG.
std::shared_ptr<image::GpuDecoder> gpu_decoder(const data::DataSettings& settings,
                                               const DeviceChoice& choice);

}  // namespace echelon::train
