#include "parallel/replicas.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "comm/local/local.h"
#include "common/error.h"

namespace echelon::parallel {
namespace {

/// One parameter of `elements` values and one running statistic of two.
class StatisticLayer : public nn::Layer {
 public:
  StatisticLayer(const nn::BuildOptions& options, int64_t elements) {
    weight_ = add_parameter(options, "weight", {elements}, nn::init::normal(1.0), true);
    statistic_ = add_buffer("running_mean", at::zeros({2}, options.tensor), true);
  }
  std::vector<at::Tensor> forward(at::TensorList inputs, const nn::Context&) override { return {inputs[0]}; }
  at::Tensor statistic() { return statistic_; }

 private:
  at::Tensor weight_, statistic_;
};

nn::LayeredModel make_model(uint64_t seed, int64_t elements = 3) {
  nn::ModelSpec spec;
  spec.family = "test";
  spec.inputs = spec.outputs = {"x"};
  spec.layers.push_back({"layer", {"x"}, {"x"}, [elements](const nn::BuildOptions& options) {
                           return std::make_unique<StatisticLayer>(options, elements);
                         }});
  return nn::LayeredModel(spec, at::TensorOptions(at::kFloat), seed);
}

TEST(EqualiseReplicas, MakesEveryRankThatOfRankZero) {
  const at::Tensor expected = make_model(0).parameters().front().tensor.detach().clone();
  run_ranks(3, [&](Communicator& comm) {
    nn::LayeredModel model = make_model(static_cast<uint64_t>(comm.rank()));
    equalise_replicas(model, {comm, comm});
    EXPECT_TRUE(at::equal(model.parameters().front().tensor, expected));
  });
}

TEST(EqualiseReplicas, RefusesDifferentModels) {
  run_ranks(2, [&](Communicator& comm) {
    nn::LayeredModel model = make_model(0, 3 + comm.rank());
    EXPECT_THROW(equalise_replicas(model, {comm, comm}), CommError);
  });
}

TEST(StatisticsAverager, AveragesOverRanksAndRestores) {
  run_ranks(4, [&](Communicator& comm) {
    nn::LayeredModel model = make_model(0);
    StatisticsAverager averager(model, comm);
    at::Tensor statistic = model.buffers().front().tensor;
    averager.remember();
    statistic.add_(static_cast<double>(comm.rank()));  // 0, 1, 2, 3
    averager.average();
    EXPECT_EQ(statistic[1].item<double>(), 1.5);
    averager.restore();
    EXPECT_EQ(statistic[1].item<double>(), 0);
  });
}

}  // namespace
}  // namespace echelon::parallel
