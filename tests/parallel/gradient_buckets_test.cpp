#include "parallel/gradient_buckets.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::parallel {
namespace {

using testing::HasSubstr;

/// `count` parameters of 1000 float32 values; parameter i of every rank is filled with i + 1.
std::vector<nn::NamedParameter> make_parameters(size_t count) {
  std::vector<nn::NamedParameter> parameters;
  for (size_t i = 0; i < count; ++i) {
    at::Tensor value = at::full({10, 100}, static_cast<double>(i + 1));
    parameters.push_back({str_format("p{}", i), value.set_requires_grad(true), true, i});
  }
  return parameters;
}

/// d(loss)/d(parameter i) = (rank + 1) · 10^i · scale, everywhere.
at::Tensor make_loss(const std::vector<nn::NamedParameter>& parameters, std::vector<size_t> order, int rank,
                     double scale = 1) {
  at::Tensor loss = at::zeros({});
  for (const size_t i : order) {
    loss = loss + parameters[i].tensor.sum() * ((rank + 1) * std::pow(10.0, static_cast<double>(i)) * scale);
  }
  return loss;
}

constexpr int64_t kOneParameter = 4000;  // bytes

class GradientBucketsTest : public testing::TestWithParam<int> {};

TEST_P(GradientBucketsTest, GradientsAreSummedOverRanksWhateverTheOrderOfUse) {
  const int ranks = GetParam();
  const double rank_sum = ranks * (ranks + 1) / 2.0;
  run_ranks(ranks, [&](Communicator& comm) {
    auto parameters = make_parameters(5);
    GradientBuckets buckets(parameters, comm,
                            {.bucket_bytes = 2 * kOneParameter, .first_bucket_bytes = kOneParameter});
    EXPECT_EQ(buckets.flat_gradients().size(), 3u);  // {4} {3 2} {1 0}
    std::vector<size_t> order = {0, 1, 2, 3, 4};
    if (comm.rank() % 2 == 1) std::reverse(order.begin(), order.end());
    for (int step = 0; step < 3; ++step) {
      buckets.begin_step();
      buckets.begin_reduction();
      make_loss(parameters, order, comm.rank()).backward();
      buckets.finish_reduction();
      for (size_t i = 0; i < 5; ++i) {
        const double expected = rank_sum * std::pow(10.0, static_cast<double>(i));
        EXPECT_TRUE(buckets.gradients()[i].eq(expected).all().item<bool>()) << i;
        EXPECT_TRUE(parameters[i].tensor.grad().is_same(buckets.gradients()[i]));
      }
    }
  });
}

TEST_P(GradientBucketsTest, MicroBatchesAccumulateBeforeTheReduction) {
  const int ranks = GetParam();
  const double rank_sum = ranks * (ranks + 1) / 2.0;
  run_ranks(ranks, [&](Communicator& comm) {
    auto parameters = make_parameters(3);
    GradientBuckets buckets(parameters, comm, {});
    buckets.begin_step();
    make_loss(parameters, {0, 1, 2}, comm.rank(), 1).backward();
    make_loss(parameters, {0, 1, 2}, comm.rank(), 2).backward();
    buckets.begin_reduction();
    make_loss(parameters, {0, 1}, comm.rank(), 4).backward();  // p2 has no part in the last micro-batch
    buckets.finish_reduction();
    EXPECT_EQ(buckets.gradients()[0].max().item<double>(), 7 * rank_sum);
    EXPECT_EQ(buckets.gradients()[1].max().item<double>(), 70 * rank_sum);
    EXPECT_EQ(buckets.gradients()[2].max().item<double>(), 300 * rank_sum);
  });
}

TEST_P(GradientBucketsTest, UnusedParametersAreNamed) {
  run_ranks(GetParam(), [&](Communicator& comm) {
    auto parameters = make_parameters(3);
    GradientBuckets buckets(parameters, comm, {});
    buckets.begin_step();
    buckets.begin_reduction();
    make_loss(parameters, {0, 2}, comm.rank()).backward();
    try {
      buckets.finish_reduction();
      ADD_FAILURE() << "an unused parameter was accepted";
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr("1 parameter had no part in the loss of this step, first p1"));
      EXPECT_THAT(error.what(), HasSubstr("find_unused: true"));
    }
  });
}

TEST_P(GradientBucketsTest, FindUnusedTakesTheGradientAsZero) {
  const int ranks = GetParam();
  run_ranks(ranks, [&](Communicator& comm) {
    auto parameters = make_parameters(3);
    GradientBuckets buckets(parameters, comm, {.find_unused = true});
    for (int step = 0; step < 2; ++step) {
      buckets.begin_step();
      buckets.begin_reduction();
      std::vector<size_t> used = {0};
      if (comm.rank() == 0) used.push_back(1);  // p1 on rank 0 only, p2 nowhere
      make_loss(parameters, used, comm.rank()).backward();
      buckets.finish_reduction();
      EXPECT_EQ(buckets.gradients()[0].max().item<double>(), ranks * (ranks + 1) / 2.0);
      EXPECT_EQ(buckets.gradients()[1].max().item<double>(), 10);
      EXPECT_EQ(buckets.gradients()[2].abs().max().item<double>(), 0);
    }
  });
}

TEST_P(GradientBucketsTest, WithoutReductionEachRankKeepsItsOwn) {
  run_ranks(GetParam(), [&](Communicator& comm) {
    auto parameters = make_parameters(2);
    GradientBuckets buckets(parameters, comm, {});
    buckets.begin_step();
    make_loss(parameters, {1}, comm.rank()).backward();
    buckets.finish_without_reduction();
    EXPECT_EQ(buckets.gradients()[1].max().item<double>(), 10.0 * (comm.rank() + 1));
    EXPECT_EQ(buckets.gradients()[0].max().item<double>(), 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, GradientBucketsTest, testing::Values(1, 2, 3));

TEST(GradientBuckets, TypesAreNotMixedInABucket) {
  run_ranks(1, [](Communicator& comm) {
    std::vector<nn::NamedParameter> parameters = make_parameters(2);
    parameters.push_back({"double", at::ones({4}, at::kDouble).set_requires_grad(true), true, 2});
    GradientBuckets buckets(parameters, comm, {});
    EXPECT_EQ(buckets.flat_gradients().size(), 2u);
    EXPECT_EQ(buckets.gradients()[2].scalar_type(), at::kDouble);
  });
}

}  // namespace
}  // namespace echelon::parallel
