#include "nn/functional/attention.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <optional>
#include <type_traits>

#include "nn/functional/attention_head.h"
#include "nn/functional/dropout.h"
#include "nn/functional/parallel.h"
#include "nn/functional/types.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// Where the heads lie in qkv [batch, time, 3·width] and in out [batch, time, width].
struct Layout {
  int64_t batch, time, width, heads;
  bool causal;
  const int64_t* document_starts;  // null: none

  Layout(const at::Tensor& qkv, int64_t heads, bool causal, const at::Tensor& document_starts)
      : batch(qkv.size(0)),
        time(qkv.size(1)),
        width(qkv.size(2) / 3),
        heads(heads),
        causal(causal),
        document_starts(document_starts.defined() && !document_starts.is_meta()
                            ? document_starts.const_data_ptr<int64_t>()
                            : nullptr) {}

  int64_t size() const { return width / heads; }

  /// `part`: 0 queries, 1 keys, 2 values. `unit` counts heads of all samples.
  template <class T>
  HeadRows<T> of_qkv(const at::Tensor& qkv, int64_t part, int64_t unit) const {
    const int64_t offset = unit / heads * time * 3 * width + part * width + unit % heads * size();
    return {data<std::remove_const_t<T>>(qkv) + offset, 3 * width};
  }
  template <class T>
  HeadRows<T> of_out(const at::Tensor& out, int64_t unit) const {
    return {data<std::remove_const_t<T>>(out) + unit / heads * time * width + unit % heads * size(), width};
  }

  /// Calls body(computation, inputs, unit) for every head of every sample, in parallel.
  template <class T, class F>
  void for_each_head(const at::Tensor& qkv, const F& body) const {
    parallel_for(batch * heads, 1, [&](int64_t begin, int64_t end) {
      HeadAttention<T> head({time, size(), causal});
      for (int64_t unit = begin; unit < end; ++unit) {
        body(head,
             {of_qkv<const T>(qkv, 0, unit), of_qkv<const T>(qkv, 1, unit), of_qkv<const T>(qkv, 2, unit),
              document_starts == nullptr ? nullptr : document_starts + unit / heads * time},
             unit);
      }
    });
  }
};

template <class T>
void forward(const Layout& layout, const at::Tensor& qkv, const at::Tensor& out,
             const at::Tensor& log_normalisers) {
  using Head = HeadAttention<T>;
  layout.for_each_head<T>(qkv, [&](Head& head, const typename Head::Inputs& inputs, int64_t unit) {
    head.forward(inputs, layout.of_out<T>(out, unit), data<float>(log_normalisers) + unit * layout.time);
  });
}

template <class T>
void backward(const Layout& layout, const at::Tensor& qkv, const at::Tensor& out,
              const at::Tensor& log_normalisers, const at::Tensor& out_gradient,
              const at::Tensor& qkv_gradient) {
  using Head = HeadAttention<T>;
  layout.for_each_head<T>(qkv, [&](Head& head, const typename Head::Inputs& inputs, int64_t unit) {
    head.backward(inputs, layout.of_out<const T>(out, unit),
                  data<float>(log_normalisers) + unit * layout.time,
                  layout.of_out<const T>(out_gradient, unit),
                  {layout.of_qkv<T>(qkv_gradient, 0, unit), layout.of_qkv<T>(qkv_gradient, 1, unit),
                   layout.of_qkv<T>(qkv_gradient, 2, unit)});
  });
}

/// What those who record operations are told: qkv, the number of heads, whether causal.
std::vector<c10::IValue> inputs_of(const Layout& layout, const at::Tensor& qkv) {
  return {qkv, layout.heads, layout.causal};
}

struct Attention : torch::autograd::Function<Attention> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& qkv, int64_t heads, bool causal,
                            const std::optional<at::Tensor>& given_starts) {
    const at::Tensor document_starts = given_starts.value_or(at::Tensor());
    const Layout layout(qkv, heads, causal, document_starts);
    const at::Tensor out = at::empty({layout.batch, layout.time, layout.width}, qkv.options());
    const at::Tensor log_normalisers =
        at::empty({layout.batch, heads, layout.time}, qkv.options().dtype(at::kFloat));
    RECORD_FUNCTION("echelon::attention", inputs_of(layout, qkv));
    const auto run =
        qkv.scalar_type() == at::kFloat ? echelon::nn::forward<float> : echelon::nn::forward<kernels::Bf16>;
    if (!qkv.is_meta()) run(layout, qkv, out, log_normalisers);
    ctx->save_for_backward({qkv, out, log_normalisers, document_starts});
    ctx->saved_data["heads"] = heads;
    ctx->saved_data["causal"] = causal;
    return out;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &qkv = saved[0], &out = saved[1], &log_normalisers = saved[2];
    const Layout layout(qkv, ctx->saved_data["heads"].toInt(), ctx->saved_data["causal"].toBool(), saved[3]);
    const at::Tensor qkv_gradient = at::empty_like(qkv), out_gradient = gradients[0].contiguous();
    RECORD_FUNCTION("echelon::attention_backward", inputs_of(layout, qkv));
    const auto run =
        qkv.scalar_type() == at::kFloat ? echelon::nn::backward<float> : echelon::nn::backward<kernels::Bf16>;
    if (!qkv.is_meta()) run(layout, qkv, out, log_normalisers, out_gradient, qkv_gradient);
    return {qkv_gradient, {}, {}, {}};
  }
};

/// Queries, keys and values: [batch, head, time, size] each.
std::vector<at::Tensor> split_BHTD(const at::Tensor& qkv, int64_t heads) {
  const int64_t size = qkv.size(2) / 3 / heads;
  return qkv.view({qkv.size(0), qkv.size(1), 3, heads, size}).permute({2, 0, 3, 1, 4}).unbind();
}

/// Which keys each query sees, [batch or 1, 1, time, time].
at::Tensor visible_BHTT(const at::Tensor& qkv, bool causal, const at::Tensor& document_starts) {
  const int64_t time = qkv.size(1);
  at::Tensor visible = at::ones({1, 1, time, time}, qkv.options().dtype(at::kBool));
  if (causal) visible = visible.tril();
  if (!document_starts.defined()) return visible;
  const at::Tensor starts = document_starts.unsqueeze(1);
  return visible.logical_and(starts.unsqueeze(3).eq(starts.unsqueeze(2)));
}

at::Tensor attention_of_libtorch(const at::Tensor& qkv, int64_t heads, bool causal,
                                 const at::Tensor& document_starts, double dropout) {
  const auto parts = split_BHTD(qkv, heads);
  if (!document_starts.defined())
    return at::scaled_dot_product_attention(parts[0], parts[1], parts[2], /*attn_mask=*/{}, dropout, causal);
  return at::scaled_dot_product_attention(parts[0], parts[1], parts[2],
                                          visible_BHTT(qkv, causal, document_starts), dropout);
}

/// With the probabilities spelled out, so that what is dropped is a function of the sample.
at::Tensor attention_with_dropout(const at::Tensor& qkv, int64_t heads, bool causal,
                                  const at::Tensor& document_starts, double dropout,
                                  const RandomSource& random) {
  const auto parts = split_BHTD(qkv, heads);
  const double scale = 1 / std::sqrt(static_cast<double>(parts[0].size(3)));
  at::Tensor scores = at::matmul(parts[0] * scale, parts[1].transpose(2, 3));
  if (causal || document_starts.defined())
    scores = scores.masked_fill(visible_BHTT(qkv, causal, document_starts).logical_not(), -INFINITY);
  return at::matmul(nn::dropout(scores.softmax(-1), dropout, random), parts[2]);
}

}  // namespace

at::Tensor attention(const at::Tensor& qkv, int64_t heads, bool causal, const at::Tensor& document_starts,
                     double dropout, const RandomSource& random) {
  const bool narrow = qkv.scalar_type() == at::kFloat || qkv.scalar_type() == at::kBFloat16;
  const bool even_size = qkv.size(2) / 3 / heads % 2 == 0;
  if (qkv.is_meta() || (qkv.is_cpu() && narrow && even_size && dropout == 0)) {
    std::optional<at::Tensor> starts;  // a function takes no undefined tensors
    if (document_starts.defined()) starts = document_starts.contiguous();
    return Attention::apply(qkv.contiguous(), heads, causal, starts);
  }
  if (!qkv.is_cpu() && dropout > 0) seed_generator(qkv.device(), random);
  const bool spelled_out = qkv.is_cpu() && dropout > 0;
  const at::Tensor mixed_BHTD =
      spelled_out ? attention_with_dropout(qkv, heads, causal, document_starts, dropout, random)
                  : attention_of_libtorch(qkv, heads, causal, document_starts, dropout);
  return mixed_BHTD.transpose(1, 2).reshape({qkv.size(0), qkv.size(1), qkv.size(2) / 3});
}

}  // namespace echelon::nn
