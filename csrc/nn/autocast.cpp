#include "nn/autocast.h"

#include <ATen/autocast_mode.h>

namespace echelon::nn {
namespace {

thread_local std::optional<at::ScalarType> meta_type;

}  // namespace

AutocastScope::AutocastScope(std::optional<at::ScalarType> type, at::Device device)
    : active_(type.has_value()), device_(device.type()) {
  if (!active_) return;
  if (device.is_meta()) {
    meta_type = type;
    return;
  }
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, *type);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (!active_) return;
  if (device_ == at::kMeta) {
    meta_type.reset();
    return;
  }
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

std::optional<at::ScalarType> meta_autocast_type() {
  return meta_type;
}

}  // namespace echelon::nn
