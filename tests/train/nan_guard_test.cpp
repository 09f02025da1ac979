// A loss or gradient that is not finite is traced to its origin, and leaves no trace in the replica.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <limits>

#include "comm/local/local.h"
#include "common/error.h"
#include "train/learner.h"
#include "train/runs.h"

namespace echelon::train::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// One rank of a job whose parameters a test can spoil.
struct Replica {
  Replica(const TrainSettings& settings, Communicator& comm)
      : ranks(comm),
        job(settings, ranks),
        learner(settings, ranks, job),
        loader(job.train_data(), job.loader_options(), 0) {}

  at::Tensor parameter(const std::string& name) {
    for (const auto& parameter : job.model().parameters()) {
      if (parameter.name == name) return parameter.tensor.detach();
    }
    throw std::runtime_error("no parameter " + name);
  }
  std::vector<at::Tensor> state() {
    std::vector<at::Tensor> tensors;
    for (const auto& parameter : job.model().parameters())
      tensors.push_back(parameter.tensor.detach().clone());
    for (const auto& buffer : job.model().buffers()) tensors.push_back(buffer.tensor.clone());
    return tensors;
  }

  Ranks ranks;
  Job job;
  Learner learner;
  data::TrainLoader loader;
};

/// What every rank throws when `spoil` has been applied to rank `at_fault` before step 3.
std::vector<std::string> messages(const TrainSettings& settings, int at_fault,
                                  const std::function<void(Replica&)>& spoil) {
  std::vector<std::string> messages(2);
  run_ranks(2, [&](Communicator& comm) {
    Replica replica(settings, comm);
    for (int64_t step = 0; step < 3; ++step) replica.learner.advance(&replica.loader, step, 1e-3, false);
    if (comm.rank() == at_fault) spoil(replica);
    try {
      replica.learner.advance(&replica.loader, 3, 1e-3, false);
    } catch (const NotFiniteError& error) {
      messages.at(static_cast<size_t>(comm.rank())) = error.what();
    }
  });
  return messages;
}

TEST(NanGuard, NamesStepRankAndTheFirstLayerWhoseOutputIsNotFinite) {
  const auto told = messages(gpt_run(Precision::kFloat32), 1, [](Replica& replica) {
    replica.parameter("block.1.mlp.contract.bias")[0] = std::numeric_limits<float>::infinity();
    replica.parameter("norm.weight")[0] = NAN;  // later: not the origin
  });
  for (const std::string& message : told) {
    EXPECT_THAT(message, StartsWith("step 3, rank 1: the output of layer block.1 is not finite"));
    EXPECT_THAT(message, HasSubstr("on_nan: skip"));
  }
}

TEST(NanGuard, NamesAGradientWhereEveryOutputIsFinite) {
  const auto told = messages(convnet_run(Precision::kFloat32), 0, [](Replica& replica) {
    // The gradient of hidden.weight is the product of the layer's input and of the head's weights, 1e42.
    replica.parameter("conv.1.weight").mul_(1e22);
    replica.parameter("hidden.weight").mul_(1e-22);
    replica.parameter("head.weight").mul_(1e22);
  });
  EXPECT_EQ(told[0], told[1]);
  EXPECT_THAT(told[0], StartsWith("step 3, rank 0: the gradient of hidden.weight is not finite"));
}

TEST(NanGuard, ASkippedStepLeavesNoTrace) {
  TrainSettings settings = convnet_run(Precision::kFloat32);
  std::get<models::ConvnetSettings>(settings.model).norm = "batch";
  settings.on_nan = OnNotFinite::kSkip;
  run_ranks(2, [&](Communicator& comm) {
    Replica replica(settings, comm);
    EXPECT_TRUE(replica.learner.advance(&replica.loader, 0, 1e-3, false).applied);
    const at::Tensor spoilt = replica.parameter("head.bias");
    const float healthy = spoilt[0].item<float>();
    if (comm.rank() == 0) spoilt[0] = NAN;
    const std::vector<at::Tensor> before = replica.state();
    EXPECT_FALSE(replica.learner.advance(&replica.loader, 1, 1e-3, false).applied);
    const std::vector<at::Tensor> after = replica.state();
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_TRUE(at::allclose(before[i], after[i], 0, 0, /*equal_nan=*/true)) << i;
    }
    spoilt[0] = healthy;
    EXPECT_TRUE(replica.learner.advance(&replica.loader, 2, 1e-3, false).applied) << "and training goes on";
  });
}

}  // namespace
}  // namespace echelon::train::testing
