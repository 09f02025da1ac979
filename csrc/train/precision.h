// The number format that a run computes in.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

#include "train/settings.h"

namespace echelon::train {

/// Of parameters, gradients, optimizer state and input data: bf16 keeps them in float32 and computes in
/// bfloat16.
at::ScalarType storage_type(Precision precision);
std::string precision_name(Precision precision);

/// While it lives, operations on this thread that gain from it run in bfloat16 (LibTorch's autocast). Does
/// nothing for the other precisions. The backward pass runs in the types of the forward pass and needs no
/// scope.
class AutocastScope {
 public:
  AutocastScope(Precision precision, at::Device device);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  bool active_;
  at::DeviceType device_;
};

}  // namespace echelon::train
