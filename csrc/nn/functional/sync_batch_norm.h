// Batch normalisation by the statistics of all ranks' batches together, as if they were one batch.
#pragma once

#include <ATen/core/Tensor.h>

#include "comm/communicator.h"

namespace echelon::nn {

/// [batch, channel, ...] → the same. Batches of the ranks may differ in size. Updates the running statistics
/// in place unless they are undefined, the variance without bias as Ioffe and Szegedy (1502.03167, algorithm
/// 2) do. Collective, forward (one all-gather) and backward (one all-reduce); the gradients of weight and
/// bias are those of this rank's batch, to be summed over ranks by the caller.
at::Tensor sync_batch_norm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                           at::Tensor running_mean, at::Tensor running_var, double momentum, double epsilon,
                           Communicator& communicator);

}  // namespace echelon::nn
