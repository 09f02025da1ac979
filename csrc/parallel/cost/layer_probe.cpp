#include "parallel/cost/layer_probe.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "common/clock.h"
#include "nn/autocast.h"
#include "nn/loss.h"
#include "parallel/cost/operation_counter.h"

namespace echelon::parallel {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// The tensor that `make` makes, as a part of a graph in which nothing else holds it.
struct MakeInput : torch::autograd::Function<MakeInput> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& /*anchor*/,
                            const std::function<at::Tensor()>& make) {
    return make();
  }
  static tensor_list backward(AutogradContext*, tensor_list) { return {{}, {}}; }
};

void synchronise(at::Device device) {
  if (device.is_cuda()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

WeakStorage storage_of(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.storage().getWeakStorageImpl()
                          : WeakStorage(c10::intrusive_ptr<c10::StorageImpl>());
}

ActivationShape shape_of(const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  return {at::empty(tensor.sizes(), tensor.options().device(at::kMeta)), tensor.requires_grad(),
          static_cast<int64_t>(tensor.storage().nbytes())};
}

}  // namespace

LayerProbe::LayerProbe(const nn::ModelSpec& spec, size_t layer, std::vector<ActivationShape> inputs,
                       at::Tensor targets, const CostOptions& options, at::Device device)
    : layer_(spec.layers[layer]),
      inputs_(std::move(inputs)),
      targets_(targets.defined() ? targets.to(device) : targets),
      options_(options),
      device_(device),
      model_(spec, layer, layer + 1, at::TensorOptions().dtype(options.storage).device(device), /*seed=*/0),
      anchor_(at::zeros({1}, at::TensorOptions().device(device)).set_requires_grad(true)) {
  model_.set_recomputed(options.recomputed);
}

at::Tensor LayerProbe::make_input(const ActivationShape& input) const {
  const at::Tensor& like = input.tensor;
  if (!like.is_meta()) return like.to(device_);
  const auto make = [&] {
    const at::TensorOptions options = like.options().device(device_);
    if (device_.is_meta()) return at::empty(like.sizes(), options);
    return like.is_floating_point() ? at::randn(like.sizes(), options) : at::zeros(like.sizes(), options);
  };
  return input.needs_gradient ? MakeInput::apply(anchor_, std::function<at::Tensor()>(make)) : make();
}

nn::Activations LayerProbe::make_inputs() {
  nn::Activations inputs;
  for (size_t i = 0; i < inputs_.size(); ++i) inputs[layer_.inputs[i]] = make_input(inputs_[i]);
  return inputs;
}

LayerProbe::Forward LayerProbe::run_forward(nn::Activations inputs) {
  Forward forward;
  forward.deferred = std::make_shared<nn::DeferredGradients>();
  const nn::DeferredGradients::Recording recording(forward.deferred);
  const nn::AutocastScope autocast(options_.autocast, device_);
  const nn::Activations outputs = model_.forward(std::move(inputs), nn::Context{.training = true});
  for (const std::string& name : layer_.outputs) {
    const auto found = outputs.find(name);
    forward.outputs.push_back(found == outputs.end() ? at::Tensor() : found->second);
  }
  if (targets_.defined()) {
    const int64_t rows = targets_.is_floating_point() ? targets_.size(0) : targets_.numel();
    forward.loss = nn::loss_sum(forward.outputs.front(), targets_, options_.loss) / rows;
  }
  return forward;
}

void LayerProbe::run_backward(Forward& forward) {
  tensor_list roots;
  if (forward.loss.defined()) {
    roots = {forward.loss};
  } else {
    for (const at::Tensor& output : forward.outputs) {
      if (output.defined() && output.requires_grad()) roots.push_back(output);
    }
  }
  if (roots.empty()) return;
  tensor_list gradients;
  for (const at::Tensor& root : roots) gradients.push_back(at::ones_like(root.detach()));
  torch::autograd::backward(roots, gradients);
}

LayerReport LayerProbe::inspect() {
  LayerReport report;
  inspect_sizes(report.cost);
  inspect_memory(report);
  inspect_halves(report);
  if (device_.is_meta()) count_operations(report.cost);
  return report;
}

void LayerProbe::inspect_sizes(LayerCost& cost) const {
  cost.name = layer_.name;
  for (const nn::NamedParameter& parameter : model_.parameters()) {
    cost.parameters += parameter.tensor.numel();
    cost.parameter_bytes += static_cast<int64_t>(parameter.tensor.nbytes());
  }
  for (const nn::NamedBuffer& buffer : model_.buffers())
    cost.buffer_bytes += static_cast<int64_t>(buffer.tensor.nbytes());
}

void LayerProbe::inspect_memory(LayerReport& report) {
  std::vector<WeakStorage> storages;  // of the inputs, then of the outputs
  std::vector<std::shared_ptr<torch::autograd::Node>> graph;
  OperationCounter counter;
  {
    nn::Activations inputs = make_inputs();
    for (const std::string& name : layer_.inputs) storages.push_back(storage_of(inputs.at(name)));
    const Forward forward = run_forward(std::move(inputs));
    graph.push_back(forward.loss.defined() ? forward.loss.grad_fn() : nullptr);
    for (const at::Tensor& output : forward.outputs) {
      const auto same = std::ranges::find(storages, storage_of(output));
      report.kept.same_memory.push_back(same == storages.end() ? -1
                                                               : static_cast<int>(same - storages.begin()));
      storages.push_back(storage_of(output));
      graph.push_back(output.defined() ? output.grad_fn() : nullptr);
    }
  }
  for (size_t i = 0; i < storages.size(); ++i) {
    (i < layer_.inputs.size() ? report.kept.inputs : report.kept.outputs).push_back(!storages[i].expired());
  }
  report.kept.inside = counter.live_bytes(storages);
}

void LayerProbe::inspect_halves(LayerReport& report) {
  Forward forward = run_forward(make_inputs());
  for (const at::Tensor& output : forward.outputs) report.outputs.push_back(shape_of(output));
  run_backward(forward);
  forward.outputs.clear();
  report.cost.deferred_bytes = forward.deferred->bytes_held();
  report.cost.splits = std::ranges::none_of(model_.parameters(), [](const nn::NamedParameter& parameter) {
    return parameter.tensor.grad().defined();
  });
  forward.deferred->run();
}

void LayerProbe::count_operations(LayerCost& cost) {
  const auto count = [](double& flops, double& bytes, const auto& run) {
    const OperationCounter counter;
    run();
    flops = counter.flops();
    bytes = counter.bytes();
  };
  Forward forward;
  nn::Activations inputs = make_inputs();
  count(cost.forward_flops, cost.forward_bytes, [&] { forward = run_forward(std::move(inputs)); });
  count(cost.input_flops, cost.input_bytes, [&] { run_backward(forward); });
  count(cost.weight_flops, cost.weight_bytes, [&] { forward.deferred->run(); });
}

void LayerProbe::time(LayerCost& cost, int repetitions) {
  std::vector<double> forward_seconds, input_seconds, weight_seconds;
  for (int repetition = 0; repetition < repetitions + 1; ++repetition) {
    nn::Activations inputs = make_inputs();
    const auto seconds_of = [&](const auto& run) {
      synchronise(device_);
      const Stopwatch watch;
      run();
      synchronise(device_);
      return watch.seconds();
    };
    Forward forward;
    const double first = seconds_of([&] { forward = run_forward(std::move(inputs)); });
    const double second = seconds_of([&] { run_backward(forward); });
    const double third = seconds_of([&] { forward.deferred->run(); });
    if (repetition == 0) continue;
    forward_seconds.push_back(first);
    input_seconds.push_back(second);
    weight_seconds.push_back(third);
  }
  cost.forward_seconds = median(forward_seconds);
  cost.input_seconds = median(input_seconds);
  cost.weight_seconds = median(weight_seconds);
}

}  // namespace echelon::parallel
