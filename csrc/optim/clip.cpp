#include "optim/clip.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace echelon::optim {
namespace {

double factor_of(double norm, double max_norm) {
  return max_norm / (norm + 1e-6);
}

}  // namespace

at::Tensor gradient_norm(at::TensorList gradients) {
  const c10::NoGradGuard no_grad;
  const at::ScalarType type = gradients[0].scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const std::vector<at::Tensor> norms = at::_foreach_norm(gradients, 2, type);
  return at::linalg_vector_norm(at::stack(norms));
}

bool clips(double norm, double max_norm) {
  return !(factor_of(norm, max_norm) >= 1);
}

void clip_gradients(at::TensorList gradients, double norm, double max_norm) {
  const c10::NoGradGuard no_grad;
  if (gradients.empty() || !clips(norm, max_norm)) return;
  at::_foreach_mul_(gradients, factor_of(norm, max_norm));
}

}  // namespace echelon::optim
