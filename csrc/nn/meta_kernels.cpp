#include "nn/meta_kernels.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include <array>

namespace echelon::nn {
namespace {

using at::IntArrayRef;
using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using Mask = std::array<bool, 3>;
using Tensors = std::tuple<Tensor, Tensor, Tensor>;

// The signatures are those of LibTorch's operations, and checked against them.

Tensor optional_like(bool wanted, const Tensor& like) {
  return wanted ? at::empty_like(like) : Tensor();
}

/// Statistics of norms are in float32 at least.
Tensor statistics(const Tensor& input, IntArrayRef shape) {
  const bool narrow = input.scalar_type() == at::kBFloat16 || input.scalar_type() == at::kHalf;
  return at::empty(shape, input.options().dtype(narrow ? at::kFloat : input.scalar_type()));
}

Tensors layer_norm(const Tensor& input, IntArrayRef normalised, const OptionalTensor&, const OptionalTensor&,
                   double) {
  std::vector<int64_t> shape = input.sizes().vec();
  std::fill(shape.end() - static_cast<int64_t>(normalised.size()), shape.end(), 1);
  return {at::empty_like(input, at::MemoryFormat::Contiguous), statistics(input, shape),
          statistics(input, shape)};
}

Tensors layer_norm_backward(const Tensor&, const Tensor& input, IntArrayRef, const Tensor&, const Tensor&,
                            const OptionalTensor& weight, const OptionalTensor& bias, Mask wanted) {
  return {optional_like(wanted[0], input), optional_like(wanted[1] && weight, weight.value_or(input)),
          optional_like(wanted[2] && bias, bias.value_or(input))};
}

Tensors group_norm(const Tensor& input, const OptionalTensor&, const OptionalTensor&, int64_t batch, int64_t,
                   int64_t, int64_t groups, double) {
  return {at::empty_like(input), statistics(input, {batch, groups}), statistics(input, {batch, groups})};
}

Tensors group_norm_backward(const Tensor&, const Tensor& input, const Tensor&, const Tensor&,
                            const OptionalTensor& weight, int64_t, int64_t, int64_t, int64_t, Mask wanted) {
  const Tensor& like = weight ? *weight : input;
  return {optional_like(wanted[0], input), optional_like(wanted[1] && weight, like),
          optional_like(wanted[2] && weight, like)};
}

Tensors batch_norm(const Tensor& input, const OptionalTensor&, const OptionalTensor&, const OptionalTensor&,
                   const OptionalTensor&, bool training, double, double) {
  const int64_t kept = training ? input.size(1) : 0;
  return {at::empty_like(input), statistics(input, {kept}), statistics(input, {kept})};
}

Tensors batch_norm_backward(const Tensor&, const Tensor& input, const OptionalTensor& weight,
                            const OptionalTensor&, const OptionalTensor&, const OptionalTensor&,
                            const OptionalTensor&, bool, double, Mask wanted) {
  const Tensor& like = weight ? *weight : input;
  return {optional_like(wanted[0], input), optional_like(wanted[1] && weight, like),
          optional_like(wanted[2] && weight, like)};
}

Tensor convolution(const Tensor& input, const Tensor& weight, const OptionalTensor&, IntArrayRef stride,
                   IntArrayRef padding, IntArrayRef dilation, bool transposed, IntArrayRef, int64_t) {
  TORCH_CHECK_NOT_IMPLEMENTED(!transposed, "transposed convolution on the meta device");
  std::vector<int64_t> shape{input.size(0), weight.size(0)};
  for (size_t i = 0; i < stride.size(); ++i) {
    const auto dimension = static_cast<int64_t>(i + 2);
    const int64_t window = dilation[i] * (weight.size(dimension) - 1) + 1;
    shape.push_back((input.size(dimension) + 2 * padding[i] - window) / stride[i] + 1);
  }
  return at::empty(shape, input.options());
}

Tensors convolution_backward(const Tensor& gradient, const Tensor& input, const Tensor& weight, IntArrayRef,
                             IntArrayRef, IntArrayRef, bool, IntArrayRef, int64_t, Mask wanted) {
  const Tensor bias_gradient = wanted[2] ? at::empty({gradient.size(1)}, gradient.options()) : Tensor();
  return {optional_like(wanted[0], input), optional_like(wanted[1], weight), bias_gradient};
}

Tensor index_select(const Tensor& input, int64_t dimension, const Tensor& index) {
  std::vector<int64_t> shape = input.sizes().vec();
  shape.at(at::maybe_wrap_dim(dimension, input.dim())) = index.numel();
  return at::empty(shape, input.options());
}

Tensor embedding_dense_backward(const Tensor& gradient, const Tensor&, int64_t rows, int64_t, bool) {
  return at::empty({rows, gradient.size(-1)}, gradient.options());
}

Tensor relu(const Tensor& input) {
  return at::empty_like(input);
}

Tensor adaptive_avg_pool2d(const Tensor& input, IntArrayRef size) {
  std::vector<int64_t> shape = input.sizes().vec();
  std::copy(size.begin(), size.end(), shape.end() - 2);
  return at::empty(shape, input.options());
}

Tensor adaptive_avg_pool2d_backward(const Tensor&, const Tensor& input) {
  return at::empty_like(input);
}

Tensor mse_loss_backward(const Tensor&, const Tensor& input, const Tensor&, int64_t) {
  return at::empty_like(input);
}

Tensor huber_loss(const Tensor& input, const Tensor&, int64_t reduction, double) {
  return reduction == at::Reduction::None ? at::empty_like(input) : at::empty({}, input.options());
}

Tensor huber_loss_backward(const Tensor&, const Tensor& input, const Tensor&, int64_t, double) {
  return at::empty_like(input);
}

}  // namespace

void register_meta_kernels() {
  static const torch::Library kernels = [] {
    torch::Library m(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
    m.impl("native_layer_norm", TORCH_FN(layer_norm));
    m.impl("native_layer_norm_backward", TORCH_FN(layer_norm_backward));
    m.impl("native_group_norm", TORCH_FN(group_norm));
    m.impl("native_group_norm_backward", TORCH_FN(group_norm_backward));
    m.impl("native_batch_norm", TORCH_FN(batch_norm));
    m.impl("native_batch_norm_backward", TORCH_FN(batch_norm_backward));
    m.impl("convolution_overrideable", TORCH_FN(convolution));
    m.impl("convolution_backward_overrideable", TORCH_FN(convolution_backward));
    m.impl("index_select", TORCH_FN(index_select));
    m.impl("embedding_dense_backward", TORCH_FN(embedding_dense_backward));
    m.impl("relu", TORCH_FN(relu));
    m.impl("_adaptive_avg_pool2d", TORCH_FN(adaptive_avg_pool2d));
    m.impl("_adaptive_avg_pool2d_backward", TORCH_FN(adaptive_avg_pool2d_backward));
    m.impl("mse_loss_backward", TORCH_FN(mse_loss_backward));
    m.impl("huber_loss", TORCH_FN(huber_loss));
    m.impl("huber_loss_backward", TORCH_FN(huber_loss_backward));
    return m;
  }();
}

}  // namespace echelon::nn
