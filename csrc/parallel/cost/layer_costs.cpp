#include "parallel/cost/layer_costs.h"

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <memory>

#include "common/error.h"
#include "common/format.h"
#include "nn/meta_kernels.h"
#include "parallel/cost/layer_probe.h"

namespace echelon::parallel {
namespace {

/// Memory in which activations lie.
struct Memory {
  std::optional<size_t> maker;  // the layer; none for inputs of the model
  int64_t bytes = 0;
  bool counted = false;
};

struct LiveActivation {
  ActivationShape shape;
  std::shared_ptr<Memory> memory;
};

using MakeReport = std::function<LayerReport(size_t layer, const std::vector<ActivationShape>& inputs,
                                             const at::Tensor& targets)>;

/// The last layer that writes the model's first output.
size_t layer_of_loss(const nn::ModelSpec& spec) {
  for (size_t i = spec.layers.size(); i-- > 0;) {
    if (!spec.layers[i].outputs.empty() && spec.layers[i].outputs.front() == spec.outputs.front()) return i;
  }
  throw InternalError(str_format("model {}: the loss reads '{}', which no layer writes first", spec.family,
                                 spec.outputs.front()));
}

/// Goes through the layers with the activations that live between them.
class Walk {
 public:
  Walk(const nn::ModelSpec& spec, const nn::Activations& inputs) : spec_(spec) {
    for (const std::string& name : spec.inputs) {
      const auto found = inputs.find(name);
      if (found == inputs.end())
        throw InternalError(str_format("an example of the input '{}' is missing", name));
      LiveActivation& live = live_[name];
      live.shape.tensor = found->second;
      live.memory = std::make_shared<Memory>();
    }
  }

  ModelCosts run(const at::Tensor& targets, const MakeReport& make_report) {
    const size_t loss = layer_of_loss(spec_);
    for (size_t layer = 0; layer < spec_.layers.size(); ++layer) {
      add_boundary(layer);
      std::vector<ActivationShape> inputs;
      for (const std::string& name : spec_.layers[layer].inputs) inputs.push_back(live_.at(name).shape);
      add_layer(layer, make_report(layer, inputs, layer == loss ? targets : at::Tensor()));
    }
    add_boundary(spec_.layers.size());
    return std::move(costs_);
  }

 private:
  void add_boundary(size_t layer) {
    BoundaryCost cost;
    for (const std::string& name : nn::activations_before(spec_, layer)) {
      const ActivationShape& shape = live_.at(name).shape;
      const auto bytes = static_cast<int64_t>(shape.tensor.nbytes());
      cost.activation_bytes += bytes;
      if (shape.needs_gradient) cost.gradient_bytes += bytes;
    }
    costs_.boundaries.push_back(cost);
  }

  void add_layer(size_t index, const LayerReport& report) {
    const nn::LayerSpec& layer = spec_.layers[index];
    const KeptMemory& kept = report.kept;
    costs_.layers.push_back(report.cost);
    costs_.layers.back().name = layer.name;
    costs_.layers.back().saved_bytes = kept.inside;

    std::vector<std::shared_ptr<Memory>> memories;  // of the inputs, then of the outputs
    for (const std::string& name : layer.inputs) memories.push_back(live_.at(name).memory);
    for (size_t k = 0; k < layer.inputs.size(); ++k) {
      if (kept.inputs[k]) count(*memories[k]);
    }
    for (size_t k = 0; k < layer.outputs.size(); ++k) {
      const int same = kept.same_memory[k];
      memories.push_back(same >= 0
                             ? memories[same]
                             : std::make_shared<Memory>(Memory{index, report.outputs[k].storage_bytes}));
      if (kept.outputs[k]) count(*memories.back());
      LiveActivation& live = live_[layer.outputs[k]];
      live.shape = report.outputs[k];
      live.memory = memories.back();
    }
  }

  void count(Memory& memory) {
    if (std::exchange(memory.counted, true) || !memory.maker) return;
    costs_.layers[*memory.maker].saved_bytes += memory.bytes;
  }

  const nn::ModelSpec& spec_;
  std::map<std::string, LiveActivation> live_;
  ModelCosts costs_;
};

/// All that a report tells apart layers by.
std::string fingerprint(const LayerReport& report, const std::vector<ActivationShape>& inputs) {
  const LayerCost& cost = report.cost;
  std::string text = str_format("{} {} {} {} {} {} {} {} {} {}", cost.parameters, cost.buffer_bytes,
                                cost.forward_flops, cost.input_flops, cost.weight_flops, cost.forward_bytes,
                                cost.input_bytes, cost.weight_bytes, cost.deferred_bytes, report.kept.inside);
  const auto add = [&](const ActivationShape& shape) {
    if (!shape.tensor.defined()) return;
    text += str_format(" {}{}{}", format_shape(shape.tensor.sizes()), shape.needs_gradient,
                       static_cast<int>(shape.tensor.scalar_type()));
  };
  for (const ActivationShape& shape : inputs) add(shape);
  for (const ActivationShape& shape : report.outputs) add(shape);
  return text;
}

LayerReport measured(LayerProbe&& probe, int repetitions) {
  LayerReport report = probe.inspect();
  probe.time(report.cost, repetitions);
  return report;
}

/// The seconds and the memory of `measured`, the rest as estimated.
LayerReport merged(const LayerReport& estimated, LayerReport measured) {
  const LayerCost& from = estimated.cost;
  LayerCost& cost = measured.cost;
  cost.forward_flops = from.forward_flops;
  cost.input_flops = from.input_flops;
  cost.weight_flops = from.weight_flops;
  cost.forward_bytes = from.forward_bytes;
  cost.input_bytes = from.input_bytes;
  cost.weight_bytes = from.weight_bytes;
  return measured;
}

}  // namespace

ModelCosts estimate_costs(const nn::ModelSpec& spec, const nn::Activations& inputs, const at::Tensor& targets,
                          const CostOptions& options) {
  nn::register_meta_kernels();
  return Walk(spec, inputs)
      .run(targets, [&](size_t layer, const std::vector<ActivationShape>& shapes, const at::Tensor& labels) {
        return LayerProbe(spec, layer, shapes, labels, options, at::kMeta).inspect();
      });
}

ModelCosts measure_costs(const nn::ModelSpec& spec, const nn::Activations& inputs, const at::Tensor& targets,
                         const CostOptions& options, int repetitions) {
  nn::register_meta_kernels();
  const at::Device device = inputs.begin()->second.device();
  std::map<std::string, LayerReport> known;
  return Walk(spec, inputs)
      .run(targets, [&](size_t layer, const std::vector<ActivationShape>& shapes, const at::Tensor& labels) {
        const auto probe = [&](at::Device on) {
          return LayerProbe(spec, layer, shapes, labels, options, on);
        };
        LayerReport estimated;
        try {
          estimated = probe(at::kMeta).inspect();
        } catch (const c10::NotImplementedError&) {
          return measured(probe(device), repetitions);
        }
        const std::string key = fingerprint(estimated, shapes);
        if (!known.contains(key)) known[key] = merged(estimated, measured(probe(device), repetitions));
        return known[key];
      });
}

}  // namespace echelon::parallel
