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
    parameters.push_back({str_format("p{}", i), value.set_requires_grad(true), true, i, {0}});
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
    EXPECT_EQ(buckets.owned_gradients().size(), 3u);  // {4} {3 2} {1 0}
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
    EXPECT_EQ(buckets.owned_gradients().size(), 2u);
    EXPECT_EQ(buckets.gradients()[2].scalar_type(), at::kDouble);
  });
}

/// Sizes and types that no number of ranks divides. Values are integers.
std::vector<nn::NamedParameter> make_uneven_parameters() {
  const std::vector<std::pair<std::vector<int64_t>, at::ScalarType>> kinds = {
      {{1}, at::kFloat},  {{2, 3}, at::kFloat},  {{5}, at::kFloat},     {{}, at::kFloat},
      {{0}, at::kFloat},  {{4}, at::kDouble},    {{3, 3}, at::kDouble}, {{7}, at::kBFloat16},
      {{1}, at::kDouble}, {{11, 1}, at::kFloat}, {{0}, at::kDouble}};
  std::vector<nn::NamedParameter> parameters;
  for (const auto& [shape, type] : kinds) {
    const size_t i = parameters.size();
    at::Tensor value = at::arange(c10::multiply_integers(shape), at::kFloat).view(shape).to(type);
    parameters.push_back({str_format("p{}", i), value.set_requires_grad(true), true, i, {0}});
  }
  return parameters;
}

/// One step of gradient descent in which d(loss)/d(parameter i) = (rank + 1) · (i + 1), everywhere.
void descend(GradientBuckets& buckets, int rank) {
  buckets.begin_step();
  buckets.begin_reduction();
  for (size_t i = 0; i < buckets.parameters().size(); ++i) {
    const auto slope = static_cast<double>((rank + 1) * static_cast<int64_t>(i + 1));
    (buckets.parameters()[i].tensor.sum() * slope).backward();
  }
  buckets.finish_reduction();
  for (const OwnedPiece& piece : buckets.owned()) piece.values.sub_(piece.gradient);
  buckets.gather_parameters();
}

class ShardedBucketsTest : public testing::TestWithParam<int> {};

TEST_P(ShardedBucketsTest, EveryElementHasOneOwner) {
  const int ranks = GetParam();
  for (const int64_t bucket_bytes : {1, 30, 1 << 20}) {
    run_ranks(ranks, [&](Communicator& comm) {
      const GradientBuckets buckets(make_uneven_parameters(), comm,
                                    {.bucket_bytes = bucket_bytes, .first_bucket_bytes = 8, .shard = true});
      EXPECT_EQ(buckets.sharded(), ranks > 1);
      for (size_t i = 0; i < buckets.parameters().size(); ++i) {
        const at::Tensor owners = at::zeros({buckets.parameters()[i].tensor.numel()}, at::kInt);
        for (const OwnedPiece& piece : buckets.owned()) {
          if (piece.parameter != i) continue;
          owners.narrow(0, piece.begin, piece.end - piece.begin).add_(1);
          EXPECT_EQ(piece.values.sizes(), piece.gradient.sizes());
          const bool whole = piece.values.numel() == owners.numel();
          EXPECT_EQ(piece.values.dim(), whole ? buckets.parameters()[i].tensor.dim() : 1);
        }
        comm.all_reduce(owners, Reduce::kSum)->wait();
        EXPECT_TRUE(owners.eq(1).all().item<bool>()) << "p" << i << " " << owners;
      }
    });
  }
}

TEST_P(ShardedBucketsTest, ReplicasAreEqualAndRightAfterEachStep) {
  const int ranks = GetParam();
  const double rank_sum = ranks * (ranks + 1) / 2.0;
  for (const int64_t bucket_bytes : {1, 30, 1 << 20}) {
    run_ranks(ranks, [&](Communicator& comm) {
      const std::vector<nn::NamedParameter> parameters = make_uneven_parameters();
      const std::vector<nn::NamedParameter> at_start = make_uneven_parameters();
      GradientBuckets buckets(parameters, comm,
                              {.bucket_bytes = bucket_bytes, .first_bucket_bytes = 8, .shard = true});
      for (int step = 1; step <= 2; ++step) {
        descend(buckets, comm.rank());
        for (size_t i = 0; i < parameters.size(); ++i) {
          const double slope = rank_sum * static_cast<double>(i + 1);
          const at::Tensor expected = at_start[i].tensor.detach() - step * slope;
          EXPECT_TRUE(at::equal(parameters[i].tensor.detach(), expected)) << "p" << i;
        }
      }
    });
  }
}

TEST_P(ShardedBucketsTest, OwnedGradientsHoldTheOwnedPiecesAndZeros) {
  run_ranks(GetParam(), [&](Communicator& comm) {
    GradientBuckets buckets(make_uneven_parameters(), comm, {.bucket_bytes = 30, .shard = true});
    descend(buckets, comm.rank());
    double in_pieces = 0, in_parts = 0;
    for (const OwnedPiece& piece : buckets.owned())
      in_pieces += piece.gradient.to(at::kDouble).pow(2).sum().item<double>();
    for (const at::Tensor& part : buckets.owned_gradients())
      in_parts += part.to(at::kDouble).pow(2).sum().item<double>();
    EXPECT_EQ(in_parts, in_pieces);
    EXPECT_EQ(buckets.parameters()[1].tensor.sizes(), at::IntArrayRef({2, 3}));
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, ShardedBucketsTest, testing::Values(1, 2, 3, 4, 7));

}  // namespace
}  // namespace echelon::parallel
