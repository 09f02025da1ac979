#include "parallel/pipeline/members.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/format.h"
#include "schedule/communication.h"
#include "schedule/make_schedule.h"

namespace echelon::parallel::testing {
namespace {

constexpr uint64_t kSeed = 5;
constexpr double kRate = 0.02, kMomentum = 0.9;
const at::TensorOptions kFloat64 = at::TensorOptions().dtype(at::kDouble);

void descend(at::Tensor values, const at::Tensor& gradient, at::Tensor& momentum) {
  const c10::NoGradGuard no_grad;
  momentum = momentum.defined() ? momentum * kMomentum + gradient : gradient.clone();
  values.add_(momentum, -kRate);
}

}  // namespace

std::string describe(const Toy& toy, const Shape& shape) {
  return str_format("{} {} pipeline {} replicas {}{}{}", toy.name, shape.schedule, shape.pipeline,
                    shape.replicas, shape.shard ? " sharded" : "", shape.recompute ? " recomputed" : "");
}

PipelineLayout layout_of(const Toy& toy, schedule::Schedule schedule) {
  PipelineLayout layout;
  layout.first_layers = first_layers(toy, schedule.stages());
  layout.schedule = std::move(schedule);
  layout.recomputed.assign(toy.spec.layers.size(), false);
  return layout;
}

PipelineLayout layout_of(const Toy& toy, const Shape& shape) {
  PipelineLayout layout = layout_of(toy, schedule::with_communication(schedule::make_schedule(
                                             shape.schedule, shape.pipeline, shape.micro_batches, 2)));
  layout.recomputed.assign(toy.spec.layers.size(), shape.recompute);
  return layout;
}

nn::Activations ToyWork::forward(size_t part, nn::Activations inputs, int64_t micro_batch) {
  const nn::Context context{.training = true, .random = {kSeed, first_ + micro_batch}};
  return model_.forward(part, std::move(inputs), context);
}

Member::Member(const Toy& toy, const Shape& shape, Communicator& world)
    : toy_(toy),
      shape_(shape),
      groups_({.pipeline = shape.pipeline, .replicas = shape.replicas}, {world, world}),
      layout_(layout_of(toy, shape)),
      model_(toy.spec, parts_of(layout_, groups_.place(), toy.spec.layers.size()), kFloat64, kSeed),
      // Small buckets, so that there are several, and parameters and buckets end at no rank's share.
      gradients_(model_, groups_, layout_,
                 {.bucket_bytes = 400, .first_bucket_bytes = 100, .shard = shape.shard}),
      runtime_(model_.spec(), layout_.first_layers, layout_.schedule,
               shape.pipeline > 1 ? std::optional(groups_.pipeline()) : std::nullopt, at::kCPU),
      momentum_(gradients_.owned().size()) {
  model_.set_recomputed(layout_.recomputed);
}

double Member::differentiate() {
  ToyWork work(toy_, model_, &gradients_, static_cast<int64_t>(groups_.replica()) * shape_.micro_batches);
  gradients_.begin_step();
  const at::Tensor loss = runtime_.train(work);
  gradients_.finish_reduction();
  EXPECT_EQ(loss.defined(), runtime_.has_last_stage());
  const at::Tensor sum = loss.defined() ? loss : at::zeros({}, at::kDouble);
  groups_.world().host.all_reduce(sum, Reduce::kSum, "loss")->wait();
  return sum.item<double>();
}

void Member::update() {
  for (size_t i = 0; i < momentum_.size(); ++i) {
    const OwnedPiece& piece = gradients_.owned()[i].piece;
    descend(piece.values, piece.gradient, momentum_[i]);
  }
  gradients_.gather_parameters();
}

void Assembly::add(const std::string& name, at::IntArrayRef shape, int64_t begin, int64_t end,
                   const at::Tensor& values) {
  const std::lock_guard lock(mutex_);
  at::Tensor& whole = values_[name];
  if (!whole.defined()) whole = at::full(shape, std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  const at::Tensor place = whole.view({-1}).narrow(0, begin, end - begin);
  const at::Tensor given = values.detach().reshape({-1}).to(at::kDouble);
  const at::Tensor is_new = at::isnan(place);
  EXPECT_TRUE(at::logical_or(is_new, place == given).all().item<bool>())
      << name << " differs between ranks, by " << (place - given).abs().max().item<double>();
  place.copy_(given);
}

void Assembly::add_gradients(const ModelGradients& gradients) {
  for (const auto& [parameter, piece, stored_here] : gradients.owned())
    add(parameter->name, parameter->tensor.sizes(), piece.begin, piece.end, piece.gradient);
}

void Assembly::add_parameters(const nn::LayeredModel& model) {
  for (const nn::NamedParameter& parameter : model.parameters())
    add(parameter.name, parameter.tensor.sizes(), 0, parameter.tensor.numel(), parameter.tensor);
}

std::vector<Step> train_alone(const Toy& toy, int64_t micro_batches, int steps) {
  nn::LayeredModel model(toy.spec, kFloat64, kSeed);
  ToyWork work(toy, model, nullptr, 0);
  Values momentum;
  std::vector<Step> all;
  for (int i = 0; i < steps; ++i) {
    Step& step = all.emplace_back();
    step.loss = 0;
    for (int64_t micro_batch = 0; micro_batch < micro_batches; ++micro_batch) {
      const at::Tensor loss = work.loss(work.forward(0, work.inputs(micro_batch), micro_batch), micro_batch);
      loss.backward();
      step.loss += loss.item<double>();
    }
    for (nn::NamedParameter& parameter : model.parameters()) {
      step.gradients[parameter.name] = parameter.tensor.grad().clone();
      descend(parameter.tensor, parameter.tensor.grad(), momentum[parameter.name]);
      step.parameters[parameter.name] = parameter.tensor.detach().clone();
      parameter.tensor.mutable_grad().reset();
    }
  }
  return all;
}

void train_together(const Toy& toy, const Shape& shape, Communicator& world, SharedSteps& steps) {
  Member member(toy, shape, world);
  for (size_t i = 0; i < steps.losses.size(); ++i) {
    const double loss = member.differentiate();
    if (world.rank() == 0) steps.losses[i] = loss;
    steps.gradients[i].add_gradients(member.gradients());
    member.update();
    steps.parameters[i].add_parameters(member.model());
  }
  member.finalize();
}

void expect_near(const Values& found, const Values& expected, double tolerance, const std::string& what) {
  EXPECT_EQ(found.size(), expected.size()) << what;
  for (const auto& [name, value] : expected) {
    const auto other = found.find(name);
    if (other == found.end()) {
      ADD_FAILURE() << what << ": " << name << " is missing";
      continue;
    }
    const double difference = (other->second - value).abs().max().item<double>();
    EXPECT_LE(difference, tolerance * value.abs().max().item<double>()) << what << ": " << name;
  }
}

}  // namespace echelon::parallel::testing
