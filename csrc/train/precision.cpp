#include "train/precision.h"

#include <ATen/autocast_mode.h>

namespace echelon::train {

at::ScalarType storage_type(Precision precision) {
  return precision == Precision::kFloat64 ? at::kDouble : at::kFloat;
}

std::string precision_name(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "fp32";
    case Precision::kFloat64:
      return "fp64";
    case Precision::kBfloat16:
      return "bf16";
  }
  return "";
}

AutocastScope::AutocastScope(Precision precision, at::Device device)
    : active_(precision == Precision::kBfloat16), device_(device.type()) {
  if (!active_) return;
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

}  // namespace echelon::train
