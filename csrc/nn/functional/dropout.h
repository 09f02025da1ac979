// Dropout after Srivastava et al. (2014).
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/random_source.h"

namespace echelon::nn {

/// x, [samples, …], with each value set to zero with probability `rate` and divided by 1 − rate otherwise; 0
/// ≤ rate < 1. On the CPU, in float32, float64 and bfloat16, nothing is kept for the backward pass, which
/// draws again. Elsewhere LibTorch's generator is seeded and used, and what is drawn does depend on how
/// samples are grouped; the meta device keeps what a GPU does.
at::Tensor dropout(const at::Tensor& x, double rate, const RandomSource& random);

/// Seeds LibTorch's generator of `device` from `random`, for operations that draw from it.
void seed_generator(at::Device device, const RandomSource& random);

}  // namespace echelon::nn
