#include "nn/functional/types.h"

#include <ATen/autocast_mode.h>

#include "nn/autocast.h"

namespace echelon::nn {

at::ScalarType product_type(const at::Tensor& input) {
  const at::DeviceType device = input.device().type();
  if (input.is_meta()) {
    return input.scalar_type() != at::kDouble ? meta_autocast_type().value_or(input.scalar_type())
                                              : at::kDouble;
  }
  const bool autocast = at::autocast::is_autocast_enabled(device) && input.scalar_type() != at::kDouble;
  return autocast ? at::autocast::get_autocast_dtype(device) : input.scalar_type();
}

bool fusible(const at::Tensor& input, at::ScalarType product) {
  if (!input.is_cpu()) return false;
  if (input.scalar_type() == at::kDouble) return product == at::kDouble;
  return input.scalar_type() == at::kFloat && (product == at::kFloat || product == at::kBFloat16);
}

}  // namespace echelon::nn
