// Clipping by the norm of all gradients together, as torch.nn.utils.clip_grad_norm_.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/TensorBody.h>

namespace echelon::optim {

/// The Euclidean norm of all elements of all tensors: one element, on their device (reading it waits for the
/// device), of their type, or float32 for the half-precision types. At least one tensor, all on one device.
at::Tensor gradient_norm(at::TensorList gradients);

/// min(1, max_norm / (norm + 1e-6)), by which clipping multiplies. Not finite where the norm is not.
double clip_factor(double norm, double max_norm);

/// Multiplies all gradients by `factor`, which does nothing where that is 1.
void scale_gradients(at::TensorList gradients, double factor);

}  // namespace echelon::optim
