// Floating-point operations of LibTorch's operations, from their inputs and outputs.
#pragma once

#include <ATen/core/ivalue.h>

#include <string_view>
#include <vector>

namespace echelon::parallel {

/// A multiplication and an addition are two. Counted are products of matrices, convolutions forward and
/// backward as the meta device runs them, and nn::attention(); everything else is bound by memory and counts
/// nothing.
///
/// Attention: of [batch, time, 3·width], forward two products of 2·batch·time²·width, and backward five,
/// because the scores are computed again. When causal a query sees (time + 1) / 2 keys on average, and only
/// those count.
double operation_flops(std::string_view name, const std::vector<c10::IValue>& inputs,
                       const std::vector<c10::IValue>& outputs);

}  // namespace echelon::parallel
