// The number format of products.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <optional>

namespace echelon::nn {

/// While it lives, operations on this thread and device that gain from it run in `type`: LibTorch's autocast,
/// and for meta tensors, which LibTorch has none for, what product_type() says (nn/functional/types.h); only
/// operations that ask it follow there: layers, while gradients are deferred (nn/weight_gradients.h). Does
/// nothing without a type. Backward runs in the types of forward and needs no scope. Scopes do not nest.
class AutocastScope {
 public:
  AutocastScope(std::optional<at::ScalarType> type, at::Device device);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  bool active_;
  at::DeviceType device_;
};

/// What the scope on this thread says for meta tensors.
std::optional<at::ScalarType> meta_autocast_type();

}  // namespace echelon::nn
