// Group normalisation after Wu and He (1803.08494): statistics within a sample, so independent of the batch
// and its split.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

struct GroupNormOptions {
  double epsilon = 1e-5;
  Initializer weight_init = init::ones();
};

class GroupNorm : public UnaryLayer {
 public:
  /// Parameters: weight [channel], bias [channel]. `groups` divides `channels`.
  GroupNorm(const BuildOptions& options, int64_t groups, int64_t channels, const GroupNormOptions& norm = {});

  /// [batch, channel, ...] → the same.
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  int64_t groups_;
  at::Tensor weight_;
  at::Tensor bias_;
  double epsilon_;
};

}  // namespace echelon::nn
