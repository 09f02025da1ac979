// A CUDA event without timing: marks a point in a stream that other streams, or the host, can wait for.
#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

namespace echelon {

/// Throws InternalError with CUDA's own text and `what` was being done.
void check_cuda(cudaError_t code, std::string_view what);

/// Made on the device that is current; recorded and waited for on streams of that device.
class CudaEvent {
 public:
  CudaEvent();
  ~CudaEvent();
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  void record(cudaStream_t stream);
  /// Work queued on `stream` from now on starts after the recorded point; the host goes on at once.
  void block(cudaStream_t stream) const;
  /// True once the recorded point is passed. Throws InternalError when earlier work on the device failed.
  bool query() const;

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace echelon
