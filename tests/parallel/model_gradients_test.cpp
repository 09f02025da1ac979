#include "parallel/model_gradients.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "comm/local/local.h"
#include "common/format.h"
#include "parallel/pipeline/members.h"
#include "schedule/communication.h"

namespace echelon::parallel::testing {
namespace {

constexpr int kMicroBatches = 6;  // of all replicas

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const char* schedule : {"1f1b", "interleaved", "zb_v"}) {
    for (const int pipeline : {1, 2, 4}) {
      for (const int replicas : {1, 2, 3}) {
        for (const bool shard : {false, true})
          all.push_back({schedule, pipeline, replicas, shard, kMicroBatches / replicas});
      }
    }
  }
  return all;
}

double squared(const Values& values) {
  double sum = 0;
  for (const auto& [name, value] : values) sum += value.pow(2).sum().item<double>();
  return sum;
}

/// How often ranks count each element of each tensor. Thread-safe.
class Counts {
 public:
  void add(const std::string& name, int64_t elements, int64_t begin, int64_t end) {
    const std::lock_guard lock(mutex_);
    at::Tensor& count = counts_[name];
    if (!count.defined()) count = at::zeros({elements}, at::kLong);
    count.narrow(0, begin, end - begin).add_(1);
  }
  /// Every element of every tensor of `expected`.
  void expect_all(int64_t times, const Values& expected, const std::string& what) const {
    EXPECT_EQ(counts_.size(), expected.size()) << what;
    for (const auto& [name, count] : counts_)
      EXPECT_TRUE(count.eq(times).all().item<bool>()) << what << ": " << name << " " << count;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, at::Tensor> counts_;
};

TEST(ModelGradients, CountEveryGradientOnceInTheNorm) {
  const Toy toy = tied();
  const double expected = squared(train_alone(toy, kMicroBatches, 1).front().gradients);
  for (const Shape& shape : shapes()) {
    run_ranks(shape.ranks(), [&](Communicator& world) {
      Member member(toy, shape, world);
      member.differentiate();
      const at::Tensor sum = at::full({1}, member.gradients().squared_norm(), at::kDouble);
      world.all_reduce(sum, Reduce::kSum)->wait();
      EXPECT_NEAR(sum.item<double>(), expected, 1e-12 * expected) << describe(toy, shape);
      member.finalize();
    });
  }
}

TEST(ModelGradients, StoreEveryElementOnce) {
  const Toy toy = tied();
  const Values parameters = train_alone(toy, 1, 1).front().parameters;
  for (const Shape& shape : shapes()) {
    Counts stored, whole;
    run_ranks(shape.ranks(), [&](Communicator& world) {
      Member member(toy, shape, world);
      for (const auto& [parameter, piece, stored_here] : member.gradients().owned()) {
        if (stored_here) stored.add(parameter->name, parameter->tensor.numel(), piece.begin, piece.end);
      }
      for (const nn::NamedParameter& parameter : member.model().parameters()) {
        const int64_t elements = parameter.tensor.numel();
        if (member.gradients().stores(parameter.name)) whole.add(parameter.name, elements, 0, elements);
      }
      member.finalize();
    });
    stored.expect_all(1, parameters, describe(toy, shape));
    whole.expect_all(1, parameters, describe(toy, shape));
  }
}

TEST(ModelGradients, LeaveEachRankItsOwnWithoutReduction) {
  const Toy toy = tied();
  const Values expected = train_alone(toy, kMicroBatches, 1).front().gradients;
  for (const bool shard : {false, true}) {
    const Shape shape{"zb_v", 2, 3, shard, kMicroBatches / 3};
    std::mutex mutex;
    Values sums;
    run_ranks(shape.ranks(), [&](Communicator& world) {
      Member member(toy, shape, world);
      ModelGradients& gradients = member.gradients();
      ToyWork work(toy, member.model(), nullptr, 2 * member.groups().replica());
      gradients.begin_step();
      member.runtime().train(work);
      gradients.finish_without_reduction();
      const std::lock_guard lock(mutex);
      for (const auto& [parameter, gradient] : gradients.local()) {
        at::Tensor& sum = sums[parameter->name];
        sum = sum.defined() ? sum + gradient : gradient.clone();
      }
    });
    expect_near(sums, expected, 1e-12, describe(toy, shape));
  }
}

/// A rank with both layers of a chain as its two parts.
PipelineLayout two_parts(const Toy& toy) {
  using schedule::ActionKind;
  const std::vector<schedule::Action> actions = {{ActionKind::kForward, 0, 0},
                                                 {ActionKind::kForward, 1, 0},
                                                 {ActionKind::kBackward, 1, 0},
                                                 {ActionKind::kBackward, 0, 0}};
  return layout_of(toy, schedule::with_communication({"two parts", 1, {0, 0}, {actions}}));
}

TEST(ModelGradients, ReduceInOneOrderWhateverEachReplicaUses) {
  const Toy toy = chain(2);
  run_ranks(3, [&](Communicator& world) {
    GridGroups groups({.pipeline = 1, .replicas = 3}, {world, world});
    const PipelineLayout layout = two_parts(toy);
    nn::LayeredModel model(toy.spec, parts_of(layout, 0, 2), at::TensorOptions().dtype(at::kDouble), 5);
    ModelGradients gradients(model, groups, layout, {.find_unused = true});
    const std::vector<nn::NamedParameter> parameters = model.parameters();
    for (int step = 0; step < 6; ++step) {
      // Replica r uses the first weight unless r = step modulo 3, and the second unless r = step / 3.
      const std::vector<bool> used = {world.rank() != step % 3, world.rank() != step / 3};
      gradients.begin_step();
      for (const size_t part : {1, 0}) {
        gradients.begin_reduction(part);
        if (used[part]) parameters[part].tensor.sum().backward();
      }
      gradients.finish_reduction();
      for (const ModelGradients::Owned& owned : gradients.owned())
        EXPECT_TRUE(owned.piece.gradient.eq(2).all().item<bool>()) << owned.parameter->name;
    }
    groups.finalize();
  });
}

TEST(ModelGradients, ReducePartsThatNobodyAnnounced) {
  const Toy toy = chain(2);
  run_ranks(2, [&](Communicator& world) {
    GridGroups groups({.pipeline = 1, .replicas = 2}, {world, world});
    const PipelineLayout layout = two_parts(toy);
    nn::LayeredModel model(toy.spec, parts_of(layout, 0, 2), at::TensorOptions().dtype(at::kDouble), 5);
    ModelGradients gradients(model, groups, layout, {});
    gradients.begin_step();
    for (const nn::NamedParameter& parameter : model.parameters())
      (parameter.tensor.sum() * (world.rank() + 1)).backward();
    gradients.finish_reduction();
    for (const ModelGradients::Owned& owned : gradients.owned())
      EXPECT_TRUE(owned.piece.gradient.eq(3).all().item<bool>()) << owned.parameter->name;
    groups.finalize();
  });
}

}  // namespace
}  // namespace echelon::parallel::testing
