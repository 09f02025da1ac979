// A micro-batch through a differentiable function, whose backward may be cut in two, and comparisons.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "nn/functional/testing.h"
#include "nn/subjects.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {

using Tensors = std::vector<at::Tensor>;

inline const Context kTraining{.training = true};
inline const at::TensorOptions kFloat64 = at::TensorOptions().dtype(at::kDouble);

inline at::Tensor output_gradient(const at::Tensor& output, double kind) {
  return numbers(output.sizes(), output.options(), 0.3 + kind);
}

/// A micro-batch between forward, the input half and the weight half.
struct MicroBatch {
  double kind;
  at::Tensor input, output;
  std::shared_ptr<DeferredGradients> deferred;  // nullptr: plain autograd

  MicroBatch(const SubjectCase& c, const Subject& subject, const at::TensorOptions& options, double kind,
             bool defer)
      : kind(kind),
        input(input_of(c, options, kind)),
        deferred(defer ? std::make_shared<DeferredGradients>() : nullptr) {
    const DeferredGradients::Recording recording(deferred);
    output = subject.run(input, kTraining);
  }
  void backward() { output.backward(output_gradient(output, kind)); }
};

/// Without tolerance: bit by bit.
inline void expect_same(const at::Tensor& actual, const at::Tensor& expected, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(actual.defined(), expected.defined()) << what;
  if (!expected.defined()) return;
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  EXPECT_EQ(actual.scalar_type(), expected.scalar_type()) << what;
  if (tolerance == 0) {
    EXPECT_TRUE(at::equal(actual, expected)) << what;
  } else {
    EXPECT_LT(relative_difference(actual.to(at::kDouble), expected.to(at::kDouble)), tolerance) << what;
  }
}

inline void expect_same_gradients(const Tensors& actual, const Tensors& expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    expect_same(actual[i].grad(), expected[i].grad(), tolerance, "parameter " + std::to_string(i));
}

inline void expect_no_gradients(const Tensors& parameters) {
  for (const at::Tensor& parameter : parameters) EXPECT_FALSE(parameter.grad().defined());
}

}  // namespace echelon::nn
