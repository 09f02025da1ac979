// Batch normalisation after Ioffe and Szegedy (1502.03167).
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

struct BatchNormOptions {
  double epsilon = 1e-5;
  double momentum = 0.1;  ///< share of the new batch in the running statistics
  Initializer weight_init = init::ones();
};

class BatchNorm : public UnaryLayer {
 public:
  /// Parameters: weight [channel], bias [channel]. Buffers: running_mean, running_var [channel].
  BatchNorm(const BuildOptions& options, int64_t channels, const BatchNormOptions& norm = {});

  /// [batch, channel, ...] → the same. In training normalises by the statistics of the batch, of all ranks'
  /// batches together when the context has a communicator; else by the running statistics. Recomputing leaves
  /// the running statistics as they are.
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  at::Tensor running_mean_;
  at::Tensor running_var_;
  double epsilon_;
  double momentum_;
};

}  // namespace echelon::nn
