// Rows of a table, whose gradients can be put off.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace echelon::nn {

/// weight: [vocabulary, width]; indices: int64 [...]. Returns [..., width]. at::embedding; while recording
/// (nn/weight_gradients.h) the same with the gradient of weight left for later.
at::Tensor embedding(const at::Tensor& weight, const at::Tensor& indices);

/// The first `count` rows of weight: [count, width]. Its gradient likewise.
at::Tensor first_rows(const at::Tensor& weight, int64_t count);

}  // namespace echelon::nn
