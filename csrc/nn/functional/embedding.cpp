#include "nn/functional/embedding.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/kept_value.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// parameters: weight. held: the output's gradient, indices.
void accumulate_embedding(at::TensorList parameters, at::TensorList held) {
  const at::Tensor &weight = parameters[0], &gradient = held[0], &indices = held[1];
  if (weight.is_cpu() && weight.dtype() == gradient.dtype()) {  // no second table
    begun_gradient(weight).index_add_(0, indices.reshape({-1}), gradient.reshape({-1, weight.size(1)}));
  } else {
    accumulate_gradient(weight,
                        at::embedding_dense_backward(gradient, indices, weight.size(0),
                                                     /*padding_idx=*/-1, /*scale_grad_by_freq=*/false));
  }
}

/// parameters: weight. held: the gradient of its first rows.
void accumulate_first_rows(at::TensorList parameters, at::TensorList held) {
  begun_gradient(parameters[0]).narrow(0, 0, held[0].size(0)).add_(held[0]);
}

struct DeferredEmbedding : torch::autograd::Function<DeferredEmbedding> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& /*anchor*/, const at::Tensor& indices,
                            const Deferral& deferral) {
    ctx->saved_data["deferral"] = keep(deferral);
    ctx->save_for_backward({indices});
    return at::embedding(deferral.parameters[0], indices);
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    kept<Deferral>(ctx->saved_data["deferral"])
        .defer({gradients[0], ctx->get_saved_variables()[0]}, accumulate_embedding);
    return {{}, {}, {}};
  }
};

struct DeferredFirstRows : torch::autograd::Function<DeferredFirstRows> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& /*anchor*/, int64_t count,
                            const Deferral& deferral) {
    ctx->saved_data["deferral"] = keep(deferral);
    return deferral.parameters[0].detach().narrow(0, 0, count);
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    kept<Deferral>(ctx->saved_data["deferral"]).defer(gradients, accumulate_first_rows);
    return {{}, {}, {}};
  }
};

}  // namespace

at::Tensor embedding(const at::Tensor& weight, const at::Tensor& indices) {
  const auto& deferred = DeferredGradients::current();
  if (!deferred) return at::embedding(weight, indices);
  return DeferredEmbedding::apply(DeferredGradients::anchor(), indices, Deferral{deferred, {weight}});
}

at::Tensor first_rows(const at::Tensor& weight, int64_t count) {
  const auto& deferred = DeferredGradients::current();
  if (!deferred) return weight.slice(0, 0, count);
  return DeferredFirstRows::apply(DeferredGradients::anchor(), count, Deferral{deferred, {weight}});
}

}  // namespace echelon::nn
