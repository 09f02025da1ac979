#include "nn/functional/sync_batch_norm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "comm/local/local.h"
#include "nn/layers/batch_norm.h"

namespace echelon::nn {
namespace {

const at::TensorOptions kDouble = at::TensorOptions().dtype(at::kDouble);

struct Result {
  at::Tensor output, input_gradient, weight_gradient, bias_gradient, running_mean, running_var;
};

Result run(const at::Tensor& batch, const at::Tensor& output_gradient, Communicator* communicator) {
  BatchNorm layer({kDouble, 1, {}, ""}, 3, {.weight_init = init::normal(1)});
  const at::Tensor input = batch.clone().set_requires_grad(true);
  const at::Tensor output = layer.apply(input, {.training = true, .communicator = communicator});
  output.backward(output_gradient);
  return {output.detach(),
          input.grad(),
          layer.parameters()[0].tensor.grad(),
          layer.parameters()[1].tensor.grad(),
          layer.buffers()[0].tensor,
          layer.buffers()[1].tensor};
}

class SyncBatchNorm : public testing::TestWithParam<int> {};

TEST_P(SyncBatchNorm, EqualsOneBatchOfAllRanks) {
  const int ranks = GetParam();
  const int64_t total = ranks * (ranks + 1) / 2;  // rank r has r + 1 samples
  const at::Tensor batch = at::randn({total, 3, 4, 5}, kDouble) * 2 + 100;
  const at::Tensor gradient = at::randn(batch.sizes(), kDouble);
  const Result whole = run(batch, gradient, nullptr);

  std::vector<Result> results(ranks);
  run_ranks(ranks, [&](Communicator& communicator) {
    const int64_t rank = communicator.rank(), first = rank * (rank + 1) / 2;
    results[rank] = run(batch.narrow(0, first, rank + 1), gradient.narrow(0, first, rank + 1), &communicator);
  });

  std::vector<at::Tensor> outputs, input_gradients;
  at::Tensor weight_gradient = at::zeros({3}, kDouble), bias_gradient = at::zeros({3}, kDouble);
  for (const Result& result : results) {
    outputs.push_back(result.output);
    input_gradients.push_back(result.input_gradient);
    weight_gradient += result.weight_gradient;
    bias_gradient += result.bias_gradient;
    EXPECT_TRUE(at::allclose(result.running_mean, whole.running_mean, 1e-12));
    EXPECT_TRUE(at::allclose(result.running_var, whole.running_var, 1e-10));
  }
  EXPECT_TRUE(at::allclose(at::cat(outputs), whole.output, 1e-10, 1e-10));
  EXPECT_TRUE(at::allclose(at::cat(input_gradients), whole.input_gradient, 1e-9, 1e-10));
  EXPECT_TRUE(at::allclose(weight_gradient, whole.weight_gradient, 1e-9, 1e-10));
  EXPECT_TRUE(at::allclose(bias_gradient, whole.bias_gradient, 1e-9, 1e-10));
}

INSTANTIATE_TEST_SUITE_P(Ranks, SyncBatchNorm, testing::Values(1, 2, 3));

}  // namespace
}  // namespace echelon::nn
