// The learning rate as a pure function of the step.
//
// Steps count from 0; T is the number of all steps, W = warmup_steps, m = min_ratio. For step t < W every
// schedule is lr (t + 1) / W (PyTorch's LinearLR with start_factor 1/W over W - 1 steps); from then on, as a
// share of lr, with p = (t - W) / (T - W):
//   constant  1
//   linear    m + (1 - m) (1 - p)
//   cosine    m + (1 - m) (1 + cos(pi p)) / 2        Loshchilov & Hutter, "SGDR", ICLR 2017, eq. 5, one
//   period wsd       1 until T - D, D = decay_steps (at most T - W); then with q = (t - (T - D)) / D
//             linear m + (1 - m) (1 - q); sqrt m + (1 - m) (1 - √q); exponential m^q
//             Hu et al., "MiniCPM", 2024, eq. 1; sqrt: Hägele et al., "Scaling Laws and Compute-Optimal
//             Training Beyond Fixed Training Durations", 2024
//   step      gamma^k, k = ⌊t / step_size⌋, or the number of milestones ≤ t
#pragma once

#include <cstdint>

#include "optim/settings.h"

namespace echelon::optim {

/// The learning rate of optimizer step number `step`; steps from `total_steps` on keep the end's value.
double learning_rate(int64_t step, int64_t total_steps, const OptimizerSettings& settings);

}  // namespace echelon::optim
