// Differentiable functions with parameters, for the tests of how backward is cut.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/functional/linear.h"
#include "nn/functional/norm_linear.h"
#include "nn/functional/residual_linear.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/embedding.h"
#include "nn/layers/group_norm.h"
#include "nn/layers/transformer_block.h"

namespace echelon::nn {

struct Subject {
  std::vector<at::Tensor> parameters;
  std::function<at::Tensor(const at::Tensor& input, const Context& context)> run;
};

struct SubjectCase {
  std::string name;
  std::vector<int64_t> input;  ///< shape
  std::function<Subject(const at::TensorOptions&)> make;
  bool tokens = false;  ///< the input is int64, below 10
};

inline void PrintTo(const SubjectCase& c, std::ostream* out) {
  *out << c.name;
}

/// The same numbers for every `options`: `kind` tells inputs of one shape apart.
inline at::Tensor numbers(at::IntArrayRef shape, const at::TensorOptions& options, double kind) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  const at::Tensor angles = at::arange(count, at::kDouble).mul_(0.7 + kind).add_(kind);
  return at::sin(angles).mul_(1.5).view(shape).to(options);
}

inline at::Tensor input_of(const SubjectCase& c, const at::TensorOptions& options, double kind) {
  const at::Tensor values = numbers(c.input, at::kDouble, kind);
  if (c.tokens) return values.add(2).mul(2.5).to(options.dtype(at::kLong));
  return values.to(options).set_requires_grad(true);
}

/// A layer whose parameters are no longer zeros and ones.
template <class L, class... Arguments>
Subject layer_subject(const at::TensorOptions& options, Arguments... arguments) {
  const auto layer = std::make_shared<L>(BuildOptions{options, 1, {}, ""}, arguments...);
  Subject subject;
  for (const Parameter& parameter : layer->parameters()) {
    parameter.tensor.detach().copy_(
        numbers(parameter.tensor.sizes(), options, 0.1 * static_cast<double>(subject.parameters.size() + 1)));
    subject.parameters.push_back(parameter.tensor);
  }
  subject.run = [layer](const at::Tensor& input, const Context& context) {
    return layer->apply(input, context);
  };
  return subject;
}

template <class L, class... Arguments>
SubjectCase layer_case(std::string name, std::vector<int64_t> input, Arguments... arguments) {
  return {std::move(name), std::move(input),
          [=](const at::TensorOptions& options) { return layer_subject<L>(options, arguments...); }};
}

/// A function of the input and of parameters of these shapes.
template <class F>
SubjectCase function_case(std::string name, std::vector<int64_t> input,
                          std::vector<std::vector<int64_t>> parameters, const F& function) {
  return {std::move(name), std::move(input), [=](const at::TensorOptions& options) {
            Subject subject;
            for (const auto& shape : parameters) {
              const double kind = 0.1 * static_cast<double>(subject.parameters.size() + 1);
              subject.parameters.push_back(numbers(shape, options, kind).set_requires_grad(true));
            }
            subject.run = [function, p = subject.parameters](const at::Tensor& x, const Context&) {
              return function(x, p);
            };
            return subject;
          }};
}

/// Every layer and function that has parameters. 70 rows: more than a chunk of rows, and not a multiple of
/// one.
inline std::vector<SubjectCase> subject_cases() {
  using Parameters = std::vector<at::Tensor>;
  SubjectCase embedding = layer_case<Embedding>("embedding", {4, 9}, 10, 6, init::normal(1));
  embedding.tokens = true;
  SubjectCase evaluated = layer_case<BatchNorm>("batch_norm_in_evaluation", {4, 3, 5, 6}, 3);
  evaluated.make = [](const at::TensorOptions& options) {
    Subject subject = layer_subject<BatchNorm>(options, 3);
    return Subject{subject.parameters, [run = subject.run](const at::Tensor& x, const Context&) {
                     return run(x, {.training = false});
                   }};
  };
  SubjectCase positions = embedding;
  positions.name = "positions";
  positions.make = [](const at::TensorOptions& options) {
    const auto layer = std::make_shared<Embedding>(BuildOptions{options, 1, {}, ""}, 12, 6, init::normal(1));
    return Subject{{layer->parameters()[0].tensor}, [layer](const at::Tensor& tokens, const Context&) {
                     return layer->first(tokens.size(1)) * tokens.unsqueeze(-1);
                   }};
  };
  const TransformerOptions transformer{.width = 12, .heads = 3, .mlp_width = 24};
  const TransformerOptions plain{.width = 12, .heads = 3, .mlp_width = 24, .activation = Activation::kRelu};
  return {
      layer_case<Linear>("linear", {2, 35, 12}, 12, 6),
      layer_case<Linear>("linear_of_rows", {7, 12}, 12, 6),
      layer_case<Linear>("linear_without_bias", {2, 35, 12}, 12, 6, LinearOptions{.bias = false}),
      function_case("linear_of_transposed", {12, 7}, {{6, 12}, {6}},
                    [](const at::Tensor& x, const Parameters& p) { return nn::linear(x.t(), p[0], p[1]); }),
      layer_case<Conv2d>("conv2d", {3, 4, 9, 8}, 4, 6, Conv2dOptions{.kernel = 3, .stride = 2, .padding = 1}),
      layer_case<Conv2d>("conv2d_without_bias", {3, 4, 9, 8}, 4, 6,
                         Conv2dOptions{.kernel = 1, .bias = false}),
      layer_case<LayerNorm>("layer_norm", {2, 35, 12}, 12),
      layer_case<GroupNorm>("group_norm", {4, 6, 5, 6}, 2, 6),
      layer_case<BatchNorm>("batch_norm", {4, 3, 5, 6}, 3),
      evaluated,
      embedding,
      positions,
      function_case("norm_linear", {2, 35, 12}, {{12}, {12}, {6, 12}, {6}},
                    [](const at::Tensor& x, const Parameters& p) {
                      return norm_linear(x, p[0], p[1], 1e-5, p[2], p[3]);
                    }),
      function_case("norm_linear_without_bias", {2, 35, 12}, {{12}, {12}, {6, 12}},
                    [](const at::Tensor& x, const Parameters& p) {
                      return norm_linear(x, p[0], p[1], 1e-5, p[2], {});
                    }),
      function_case(
          "residual_linear", {2, 35, 12}, {{12, 12}, {12}},
          [](const at::Tensor& x, const Parameters& p) { return residual_linear(x, x * 0.5, p[0], p[1]); }),
      function_case("residual_gelu_linear", {2, 35, 12}, {{12}, {12, 12}, {12}},
                    [](const at::Tensor& x, const Parameters& p) {
                      return residual_gelu_linear(x, x * 0.5, p[0], p[1], p[2]);
                    }),
      layer_case<TransformerBlock>("transformer_block", {2, 7, 12}, transformer),
      layer_case<TransformerBlock>("transformer_block_of_plain_layers", {2, 7, 12}, plain),
  };
}

}  // namespace echelon::nn
