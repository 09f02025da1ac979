// Clipping by the norm of all gradients together, as torch.nn.utils.clip_grad_norm_.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/TensorBody.h>

namespace echelon::optim {

/// The Euclidean norm of all elements of all tensors: one element, on their device (reading it waits for the
/// device), of their type, or float32 for the half-precision types. At least one tensor, all on one device.
at::Tensor gradient_norm(at::TensorList gradients);

/// Whether clip_gradients() changes anything.
bool clips(double norm, double max_norm);

/// Multiplies the gradients by min(1, max_norm / (norm + 1e-6)). A norm that is not finite makes them not
/// finite.
void clip_gradients(at::TensorList gradients, double norm, double max_norm);

}  // namespace echelon::optim
