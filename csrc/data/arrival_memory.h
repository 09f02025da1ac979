// Tensors that threads of the loader fill on a GPU while the device computes on other batches.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

#include <optional>

namespace echelon::data {

/// Memory of one device. LibTorch hands a block that was freed to the next who asks on the same stream,
/// relying on the order of what is queued there; who writes from another stream would overwrite what is still
/// being read. So these tensors come from a stream of their own, on which nothing is queued, and who receives
/// a batch (device_copy.h) keeps each block until its readers are through.
///
/// Who fills a tensor waits for the device before he hands it on.
class ArrivalMemory {
 public:
  /// For a CPU as well, whose memory needs none of this.
  explicit ArrivalMemory(at::Device device);

  /// Uninitialised. For several threads.
  at::Tensor allocate(at::IntArrayRef shape, at::ScalarType type) const;

 private:
  at::Device device_;
  std::optional<c10::Stream> stream_;
};

}  // namespace echelon::data
