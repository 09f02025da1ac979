// Memory and streams of CUDA as objects.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace echelon::image {

/// Grows when more is asked for, and keeps nothing then. Of the device that is current.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// Throws InternalError. Nothing queued may use what was there before.
  unsigned char* room(size_t bytes);

 private:
  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

/// A stream that does not wait for the default stream.
class OwnStream {
 public:
  OwnStream();
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

  operator cudaStream_t() const { return stream_; }
  /// Waits for all that was queued. Throws InternalError.
  void wait() const;

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace echelon::image
