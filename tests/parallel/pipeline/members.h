// The ranks of a pipeline that train a toy, and one rank that trains it alone.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "parallel/grid.h"
#include "parallel/model_gradients.h"
#include "parallel/pipeline/layout.h"
#include "parallel/pipeline/runtime.h"
#include "parallel/pipeline/toys.h"

namespace echelon::parallel::testing {

/// How a toy is spread over ranks.
struct Shape {
  std::string schedule = "1f1b";
  int pipeline = 1;
  int replicas = 1;
  bool shard = false;
  int micro_batches = 6;  ///< of each replica
  bool recompute = false;

  int ranks() const { return pipeline * replicas; }
};
std::string describe(const Toy& toy, const Shape& shape);

/// The layout of a toy: `shape`, whose interleaved schedules have two chunks a rank, or any schedule.
PipelineLayout layout_of(const Toy& toy, const Shape& shape);
PipelineLayout layout_of(const Toy& toy, schedule::Schedule schedule);

/// The stages of one rank on the micro-batches of one step.
class ToyWork : public StageWork {
 public:
  /// `first`: number of the replica's first micro-batch among all. `gradients`: may be null.
  ToyWork(const Toy& toy, nn::LayeredModel& model, ModelGradients* gradients, int64_t first)
      : toy_(toy), model_(model), gradients_(gradients), first_(first) {}

  nn::Activations inputs(int64_t micro_batch) override { return toy_.inputs(first_ + micro_batch); }
  nn::Activations forward(size_t part, nn::Activations inputs, int64_t micro_batch) override;
  at::Tensor loss(const nn::Activations& outputs, int64_t micro_batch) override {
    return toy_.loss(outputs, first_ + micro_batch);
  }
  bool reduces_in_backward() const override { return true; }
  void begin_reduction(size_t part) override {
    if (gradients_ != nullptr) gradients_->begin_reduction(part);
  }

 private:
  const Toy& toy_;
  nn::LayeredModel& model_;
  ModelGradients* gradients_;
  int64_t first_;
};

/// One of the ranks that train. All functions but the accessors are collective.
class Member {
 public:
  Member(const Toy& toy, const Shape& shape, Communicator& world);

  /// The gradients of one step; returns the sum of all losses.
  double differentiate();
  /// Gradient descent with momentum, which has a state as an optimizer has.
  void update();
  void finalize() { groups_.finalize(); }

  GridGroups& groups() { return groups_; }
  nn::LayeredModel& model() { return model_; }
  ModelGradients& gradients() { return gradients_; }
  PipelineRuntime& runtime() { return runtime_; }

 private:
  const Toy& toy_;
  Shape shape_;
  GridGroups groups_;
  PipelineLayout layout_;
  nn::LayeredModel model_;
  ModelGradients gradients_;
  PipelineRuntime runtime_;
  std::vector<at::Tensor> momentum_;
};

using Values = std::map<std::string, at::Tensor>;

/// Tensors put together from what ranks have of them. Thread-safe.
class Assembly {
 public:
  /// Elements [begin, end) of a tensor. What several ranks give must be the same bits; a test failure tells
  /// where it is not.
  void add(const std::string& name, at::IntArrayRef shape, int64_t begin, int64_t end,
           const at::Tensor& values);
  void add_gradients(const ModelGradients& gradients);
  void add_parameters(const nn::LayeredModel& model);
  /// Not a number where no rank gave anything.
  const Values& values() const { return values_; }

 private:
  std::mutex mutex_;
  Values values_;
};

/// What a step computes.
struct Step {
  double loss;
  Values gradients;
  Values parameters;  ///< after it
};

/// Trains on one rank, with autograd and nothing of the pipeline.
std::vector<Step> train_alone(const Toy& toy, int64_t micro_batches, int steps);

/// Trains as one of the ranks of `world`, which all add to `steps`.
struct SharedSteps {
  explicit SharedSteps(int steps) : losses(steps), gradients(steps), parameters(steps) {}
  std::vector<double> losses;
  std::vector<Assembly> gradients, parameters;
};
void train_together(const Toy& toy, const Shape& shape, Communicator& world, SharedSteps& steps);

/// Fails the test where the largest difference of `found` from `expected` exceeds `tolerance` times the
/// largest value.
void expect_near(const Values& found, const Values& expected, double tolerance, const std::string& what);

}  // namespace echelon::parallel::testing
