#include "parallel/cost/operation_counter.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string_view>

#include "common/error.h"
#include "parallel/cost/operation_flops.h"

namespace echelon::parallel {
namespace {

using Values = std::vector<c10::IValue>;

thread_local OperationCounter* current_counter = nullptr;

template <class F>
void for_each_tensor(const c10::IValue& value, const F& f) {
  if (value.isTensor()) {
    if (value.toTensor().defined()) f(value.toTensor());
  } else if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) for_each_tensor(item, f);
  }
}

bool share_storage(const at::Tensor& tensor, const Values& inputs) {
  bool shared = false;
  for (const c10::IValue& input : inputs)
    for_each_tensor(input, [&](const at::Tensor& other) { shared |= tensor.is_alias_of(other); });
  return shared;
}

/// An expanded tensor repeats what it has.
double bytes_of(const c10::IValue& value) {
  double bytes = 0;
  for_each_tensor(value, [&](const at::Tensor& tensor) {
    bytes += static_cast<double>(std::min(tensor.nbytes(), tensor.storage().nbytes()));
  });
  return bytes;
}

bool allocates(std::string_view name) {
  return name.starts_with("aten::empty") || name.starts_with("aten::new_empty") || name == "aten::resize_";
}

bool overwrites(std::string_view name) {
  return name == "aten::copy_" || name == "aten::fill_" || name == "aten::zero_";
}

/// A view, or an operation that had nothing to do.
bool returns_input(std::string_view name, const Values& inputs, const Values& outputs) {
  bool all_shared = !name.ends_with("_");
  for (const c10::IValue& output : outputs)
    for_each_tensor(output, [&](const at::Tensor& tensor) { all_shared &= share_storage(tensor, inputs); });
  return all_shared;
}

double traffic(std::string_view name, const Values& inputs, const Values& outputs) {
  // These two do not report outputs: out is as large as a third of qkv, gradients are as large as both.
  if (name == "echelon::attention") return bytes_of(inputs[0]) * 4 / 3;
  if (name == "echelon::attention_backward") return bytes_of(inputs[0]) * 8 / 3;
  double bytes = 0;
  for (size_t i = overwrites(name) ? 1 : 0; i < inputs.size(); ++i) bytes += bytes_of(inputs[i]);
  for (const c10::IValue& output : outputs) bytes += bytes_of(output);
  return bytes;
}

}  // namespace

struct OperationCounter::Callbacks {
  static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function) {
    std::vector<Running>& running = current_counter->running_;
    if (!running.empty() && !allocates(function.name())) running.back().composite = true;
    const auto inputs = function.inputs();
    running.push_back({Values(inputs.begin(), inputs.end())});
    return nullptr;
  }
  static void end(const at::RecordFunction& function, at::ObserverContext*) {
    current_counter->finish(function);
  }
};

OperationCounter::OperationCounter() {
  if (current_counter) throw InternalError("operations are counted on this thread already");
  current_counter = this;
  handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(&Callbacks::start, &Callbacks::end)
                                           .needsInputs(true)
                                           .needsOutputs(true)
                                           .scopes({at::RecordScope::FUNCTION}));
}

OperationCounter::~OperationCounter() {
  at::removeCallback(handle_);
  current_counter = nullptr;
}

void OperationCounter::finish(const at::RecordFunction& function) {
  const Running operation = std::move(running_.back());
  running_.pop_back();
  for (const c10::IValue& output : function.outputs())
    for_each_tensor(output, [&](const at::Tensor& tensor) { follow(tensor, operation.inputs); });
  if (!operation.composite) count(function.name(), operation.inputs, function.outputs());
}

void OperationCounter::count(std::string_view name, const Values& inputs, const Values& outputs) {
  const bool reported = name.starts_with("echelon::");
  if (allocates(name) || (!reported && returns_input(name, inputs, outputs))) return;
  flops_ += operation_flops(name, inputs, outputs);
  bytes_ += traffic(name, inputs, outputs);
}

void OperationCounter::follow(const at::Tensor& output, const Values& inputs) {
  if (share_storage(output, inputs)) return;
  c10::StorageImpl* storage = output.storage().unsafeGetStorageImpl();
  if (!storages_.contains(storage)) storages_.emplace(storage, output.storage().getWeakStorageImpl());
}

int64_t OperationCounter::live_bytes(const std::vector<WeakStorage>& except) const {
  int64_t bytes = 0;
  for (const auto& [address, storage] : storages_) {
    const auto is_this = [&](const WeakStorage& other) { return other._unsafe_get_target() == address; };
    const auto held = storage.lock();
    if (held && std::ranges::none_of(except, is_this)) bytes += static_cast<int64_t>(held->nbytes());
  }
  return bytes;
}

}  // namespace echelon::parallel
