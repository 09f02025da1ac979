// What a GPU does for images, as image/gpu/transform.h uses it. Implemented in libechelon_cuda with nvJPEG
// (nvjpeg_decoder.cpp) where CMake found that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace echelon::image {

class PlannedSample;

/// For several threads at once.
class GpuDecoder {
 public:
  virtual ~GpuDecoder() = default;

  /// Decodes `encoded`, the JPEG that `sample` was planned for, and writes the sample at `target` in the
  /// memory of the GPU. Waits until it is there. False, and nothing is promised of `target`, where this file
  /// is not for the GPU's decoder, damage included. Throws InternalError when the GPU fails.
  virtual bool decode(std::span<const uint8_t> encoded, const PlannedSample& sample, void* target) = 0;

  /// Copies to `target` in the memory of the GPU, and waits. Throws InternalError.
  virtual void upload(std::span<const std::byte> bytes, void* target) = 0;
};

}  // namespace echelon::image
