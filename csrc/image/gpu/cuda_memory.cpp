#include "image/gpu/cuda_memory.h"

#include <c10/cuda/CUDACachingAllocator.h>

#include "common/format.h"
#include "cuda/backend/event.h"

namespace echelon::image {

// A failure to give back means that the device is lost, which the next call on it reports.
DeviceMemory::~DeviceMemory() {
  cudaFree(memory_);
}

unsigned char* DeviceMemory::room(size_t bytes) {
  if (bytes > bytes_) {
    // Somewhat more than is needed: images come in many sizes, and allocating waits for the whole device.
    const size_t wanted = bytes + bytes / 4;
    check_cuda(cudaFree(memory_), "freeing memory for images");
    memory_ = nullptr;
    bytes_ = 0;
    cudaError_t code = cudaMalloc(&memory_, wanted);
    if (code == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      c10::cuda::CUDACachingAllocator::emptyCache();  // LibTorch keeps what it does not use
      code = cudaMalloc(&memory_, wanted);
    }
    check_cuda(code, str_format("allocating {} bytes for images", wanted));
    bytes_ = wanted;
  }
  return static_cast<unsigned char*>(memory_);
}

OwnStream::OwnStream() {
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream for images");
}

OwnStream::~OwnStream() {
  cudaStreamDestroy(stream_);
}

void OwnStream::wait() const {
  check_cuda(cudaStreamSynchronize(stream_), "decoding images");
}

}  // namespace echelon::image
