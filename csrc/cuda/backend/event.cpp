#include "cuda/backend/event.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon {

void check_cuda(cudaError_t code, std::string_view what) {
  if (code == cudaSuccess) return;
  throw InternalError(
      str_format("CUDA failed ({}): {}: {}", what, cudaGetErrorName(code), cudaGetErrorString(code)));
}

CudaEvent::CudaEvent() {
  check_cuda(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "creating an event");
}

// A failure to destroy means that the device is lost, which the next call on it reports.
CudaEvent::~CudaEvent() {
  cudaEventDestroy(event_);
}

void CudaEvent::record(cudaStream_t stream) {
  check_cuda(cudaEventRecord(event_, stream), "recording an event");
}

void CudaEvent::block(cudaStream_t stream) const {
  check_cuda(cudaStreamWaitEvent(stream, event_, 0), "making a stream wait");
}

bool CudaEvent::query() const {
  const cudaError_t code = cudaEventQuery(event_);
  if (code == cudaErrorNotReady) {
    cudaGetLastError();  // else the next check of a launch on this thread takes it for its own
    return false;
  }
  check_cuda(code, "asking for an event; the error may come from any earlier kernel");
  return true;
}

}  // namespace echelon
