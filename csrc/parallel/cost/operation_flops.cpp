#include "parallel/cost/operation_flops.h"

#include <ATen/ATen.h>

namespace echelon::parallel {
namespace {

using Values = std::vector<c10::IValue>;

/// Of a product [..., m, k]·[..., k, n].
double product_flops(const at::Tensor& a, const at::Tensor& b) {
  return 2.0 * static_cast<double>(a.numel()) * static_cast<double>(b.size(-1));
}

/// Of a convolution that makes `out`.
double convolution_flops(const at::Tensor& out, const at::Tensor& weight) {
  return 2.0 * static_cast<double>(out.numel()) * static_cast<double>(weight.numel() / weight.size(0));
}

double convolution_backward_flops(const Values& inputs) {
  const double one = convolution_flops(inputs[0].toTensor(), inputs[2].toTensor());
  const auto wanted = inputs.back().toBoolList();
  return (wanted.get(0) ? one : 0) + (wanted.get(1) ? one : 0);
}

double attention_flops(const Values& inputs, int products) {
  const at::Tensor& qkv = inputs[0].toTensor();
  const bool causal = inputs[2].toBool();
  const double batch = static_cast<double>(qkv.size(0)), time = static_cast<double>(qkv.size(1));
  const double keys = causal ? (time + 1) / 2 : time;
  return products * 2 * batch * time * keys * static_cast<double>(qkv.size(2) / 3);
}

}  // namespace

double operation_flops(std::string_view name, const Values& inputs, const Values& outputs) {
  if (name == "aten::mm" || name == "aten::bmm")
    return product_flops(inputs[0].toTensor(), inputs[1].toTensor());
  if (name == "aten::addmm" || name == "aten::addmm_" || name == "aten::baddbmm" || name == "aten::baddbmm_")
    return product_flops(inputs[1].toTensor(), inputs[2].toTensor());
  if (name == "aten::convolution_overrideable")
    return convolution_flops(outputs[0].toTensor(), inputs[1].toTensor());
  if (name == "aten::convolution_backward_overrideable") return convolution_backward_flops(inputs);
  if (name == "echelon::attention") return attention_flops(inputs, 2);
  if (name == "echelon::attention_backward") return attention_flops(inputs, 5);
  return 0;
}

}  // namespace echelon::parallel
