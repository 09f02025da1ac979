// What LibTorch's operations cost, counted while they run.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace echelon::parallel {

using WeakStorage = c10::weak_intrusive_ptr<c10::StorageImpl>;

/// Counts, while it lives, the operations that this thread runs, those of backward passes included as long as
/// the engine runs them on this thread, as it does for the CPU and the meta device. One at a time a thread.
///
/// Operations that others are made of are counted, not those; on the meta device that is exact, elsewhere
/// operations are split up differently and only storages are followed reliably.
class OperationCounter {
 public:
  OperationCounter();
  ~OperationCounter();
  OperationCounter(const OperationCounter&) = delete;
  OperationCounter& operator=(const OperationCounter&) = delete;

  /// See operation_flops().
  double flops() const { return flops_; }
  /// Memory traffic if nothing stayed in a cache: what operations read and write, views free.
  double bytes() const { return bytes_; }

  /// Bytes of the storages that operations made and that something still holds, without those of `except`.
  int64_t live_bytes(const std::vector<WeakStorage>& except) const;

 private:
  struct Callbacks;
  struct Running {
    std::vector<c10::IValue> inputs;
    bool composite = false;  // runs others
  };
  void finish(const at::RecordFunction& function);
  void count(std::string_view name, const std::vector<c10::IValue>& inputs,
             const std::vector<c10::IValue>& outputs);
  void follow(const at::Tensor& output, const std::vector<c10::IValue>& inputs);

  at::CallbackHandle handle_;
  std::vector<Running> running_;  // outermost first
  std::unordered_map<c10::StorageImpl*, WeakStorage> storages_;
  double flops_ = 0;
  double bytes_ = 0;
};

}  // namespace echelon::parallel
