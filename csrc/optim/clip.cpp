#include "optim/clip.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace echelon::optim {

at::Tensor gradient_norm(at::TensorList gradients) {
  const c10::NoGradGuard no_grad;
  const at::ScalarType type = gradients[0].scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const std::vector<at::Tensor> norms = at::_foreach_norm(gradients, 2, type);
  return at::linalg_vector_norm(at::stack(norms));
}

double clip_factor(double norm, double max_norm) {
  const double factor = max_norm / (norm + 1e-6);
  return factor >= 1 ? 1 : factor;
}

void scale_gradients(at::TensorList gradients, double factor) {
  const c10::NoGradGuard no_grad;
  if (gradients.empty() || factor == 1) return;
  at::_foreach_mul_(gradients, factor);
}

}  // namespace echelon::optim
