// A tensor as host memory: its own memory on a CPU, a pinned copy of it on a GPU.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <memory>

namespace echelon {

/// Made by the caller of an operation, used by the thread that runs it. Needs no CUDA header: it works
/// through the device type's registered implementation.
class HostTensor {
 public:
  /// Marks the caller's current stream: later readers see what was queued there before.
  explicit HostTensor(at::Tensor tensor);
  /// Host memory with the tensor's values (`read`), or for values to come.
  std::byte* open(bool read);
  /// After writing to the memory: the tensor has the values when this returns.
  void write_back();
  const at::Tensor& tensor() const { return tensor_; }

 private:
  at::Tensor tensor_;
  at::Tensor host_;
  std::shared_ptr<c10::Event> ready_;
};

}  // namespace echelon
