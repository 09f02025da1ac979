#include "nn/layered_model.h"

#include <algorithm>
#include <set>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "nn/recompute.h"

namespace echelon::nn {
namespace {

using Names = std::set<std::string>;

void validate_ties(const ModelSpec& spec) {
  for (const Tie& tie : spec.ties) {
    const size_t owner = layer_of_tensor(spec, tie.owner);
    const size_t alias = layer_of_tensor(spec, tie.alias);
    for (const auto& [layer, tensor] : {std::pair{owner, tie.owner}, std::pair{alias, tie.alias}}) {
      if (layer == spec.layers.size()) {
        throw ConfigError(str_format("model {}: tied tensor '{}' belongs to no layer", spec.family, tensor));
      }
    }
    if (owner >= alias) {
      throw ConfigError(str_format("model {}: the layer of '{}' must come after the layer of its owner '{}'",
                                   spec.family, tie.alias, tie.owner));
    }
  }
}

/// Per boundary 0 … number of layers: what is still read behind it.
std::vector<Names> needed_at_boundaries(const ModelSpec& spec) {
  std::vector<Names> needed(spec.layers.size() + 1);
  needed.back() = Names(spec.outputs.begin(), spec.outputs.end());
  for (size_t i = spec.layers.size(); i-- > 0;) {
    needed[i] = needed[i + 1];
    for (const std::string& name : spec.layers[i].outputs) needed[i].erase(name);
    needed[i].insert(spec.layers[i].inputs.begin(), spec.layers[i].inputs.end());
  }
  return needed;
}

}  // namespace

size_t layer_of_tensor(const ModelSpec& spec, const std::string& tensor) {
  size_t found = spec.layers.size();
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const std::string prefix = spec.layers[i].name + ".";
    const bool longer = found == spec.layers.size() || prefix.size() > spec.layers[found].name.size() + 1;
    if (tensor.starts_with(prefix) && longer) found = i;
  }
  return found;
}

void validate(const ModelSpec& spec) {
  Names names;
  Names written(spec.inputs.begin(), spec.inputs.end());
  for (const LayerSpec& layer : spec.layers) {
    if (!names.insert(layer.name).second) {
      throw ConfigError(str_format("model {}: two layers are called '{}'", spec.family, layer.name));
    }
    for (const std::string& input : layer.inputs) {
      if (!written.contains(input)) {
        throw ConfigError(
            str_format("model {}: layer '{}' reads activation '{}', which no layer before it writes",
                       spec.family, layer.name, input));
      }
    }
    written.insert(layer.outputs.begin(), layer.outputs.end());
  }
  for (const std::string& output : spec.outputs) {
    if (!written.contains(output)) {
      throw ConfigError(str_format("model {}: no layer writes the output '{}'", spec.family, output));
    }
  }
  validate_ties(spec);
}

std::vector<std::string> activations_before(const ModelSpec& spec, size_t layer) {
  const Names needed = needed_at_boundaries(spec).at(layer);
  return {needed.begin(), needed.end()};
}

LayeredModel::LayeredModel(ModelSpec spec, at::TensorOptions tensor, uint64_t seed)
    : LayeredModel(spec, 0, spec.layers.size(), tensor, seed) {}

LayeredModel::LayeredModel(ModelSpec spec, size_t first, size_t last, at::TensorOptions tensor, uint64_t seed)
    : LayeredModel(std::move(spec), {{first, last}}, tensor, seed) {}

LayeredModel::LayeredModel(ModelSpec spec, std::vector<LayerRange> parts, at::TensorOptions tensor,
                           uint64_t seed)
    : spec_(std::move(spec)), parts_(std::move(parts)) {
  validate(spec_);
  size_t end = 0;
  for (size_t part = 0; part < parts_.size(); ++part) {
    const auto [first, last] = parts_[part];
    if (first < end || first > last || last > spec_.layers.size()) {
      throw InternalError(str_format("layers [{}, {}) after layer {} of a model of {}", first, last, end,
                                     spec_.layers.size()));
    }
    for (size_t i = first; i < last; ++i) build_layer(i, part, tensor, seed);
    end = last;
  }
  const std::vector<Names> needed = needed_at_boundaries(spec_);
  for (Built& built : layers_) {
    Names present = needed[built.index];
    present.insert(spec_.layers[built.index].outputs.begin(), spec_.layers[built.index].outputs.end());
    std::ranges::set_difference(present, needed[built.index + 1], std::back_inserter(built.released));
  }
}

void LayeredModel::build_layer(size_t index, size_t part, const at::TensorOptions& tensor, uint64_t seed) {
  const LayerSpec& layer = spec_.layers[index];
  const auto shared = shared_tensors(layer, seed);
  layers_.push_back({index, part, layer.build({tensor, derive_key(seed, layer.name), shared, ""}), {}});
  for (const auto& [name, value] : shared) {
    const bool used = std::ranges::any_of(layers_.back().layer->parameters(), [&](const Parameter& p) {
      return p.name == name && (!value.tensor.defined() || p.tensor.is_same(value.tensor));
    });
    if (!used)
      throw InternalError(str_format("layer '{}' does not use the tied tensor '{}'", layer.name, name));
  }
}

std::map<std::string, SharedTensor> LayeredModel::shared_tensors(const LayerSpec& layer,
                                                                 uint64_t seed) const {
  std::map<std::string, SharedTensor> shared;
  for (const Tie& tie : spec_.ties) {
    if (spec_.layers[layer_of_tensor(spec_, tie.alias)].name != layer.name) continue;
    const LayerSpec& owner = spec_.layers[layer_of_tensor(spec_, tie.owner)];
    SharedTensor& tensor = shared[tie.alias.substr(layer.name.size() + 1)];
    tensor.key = derive_key(derive_key(seed, owner.name), tie.owner.substr(owner.name.size() + 1));
    for (const NamedParameter& parameter : parameters()) {
      if (parameter.name == tie.owner) tensor.tensor = parameter.tensor;
    }
  }
  return shared;
}

std::string LayeredModel::owner_of(const std::string& tensor) const {
  for (const Tie& tie : spec_.ties) {
    if (tie.alias == tensor) return tie.owner;
  }
  return tensor;
}

std::vector<NamedParameter> LayeredModel::parameters() const {
  std::vector<NamedParameter> all;
  std::map<std::string, size_t> places;
  for (const Built& built : layers_) {
    for (const Parameter& parameter : built.layer->parameters()) {
      const std::string name = owner_of(spec_.layers[built.index].name + "." + parameter.name);
      const auto [place, is_new] = places.try_emplace(name, all.size());
      if (is_new) all.push_back({name, parameter.tensor, parameter.decay, built.index, {}});
      std::vector<size_t>& parts = all[place->second].parts;
      if (parts.empty() || parts.back() != built.part) parts.push_back(built.part);
    }
  }
  return all;
}

std::vector<NamedBuffer> LayeredModel::buffers() const {
  std::vector<NamedBuffer> all;
  for (const Built& built : layers_) {
    for (const Buffer& buffer : built.layer->buffers()) {
      all.push_back(
          {spec_.layers[built.index].name + "." + buffer.name, buffer.tensor, buffer.running_statistic});
    }
  }
  return all;
}

int64_t LayeredModel::parameter_count() const {
  int64_t count = 0;
  for (const NamedParameter& parameter : parameters()) count += parameter.tensor.numel();
  return count;
}

Activations LayeredModel::forward(Activations inputs, const Context& context, const LayerObserver& observer) {
  if (parts_.size() != 1) throw InternalError(str_format("forward of one of {} parts", parts_.size()));
  return forward(0, std::move(inputs), context, observer);
}

Activations LayeredModel::forward(size_t part, Activations inputs, const Context& context,
                                  const LayerObserver& observer) {
  Activations live = std::move(inputs);
  for (const Built& built : layers_) {
    if (built.part != part) continue;
    const LayerSpec& layer = spec_.layers[built.index];
    std::vector<at::Tensor> outputs = run_layer(built, live, context.child(layer.name));
    if (observer) observer(built.index, outputs);
    for (size_t k = 0; k < outputs.size(); ++k) live[layer.outputs[k]] = std::move(outputs[k]);
    for (const std::string& name : built.released) live.erase(name);
  }
  return live;
}

std::vector<at::Tensor> LayeredModel::run_layer(const Built& built, const Activations& live,
                                                const Context& context) {
  const LayerSpec& layer = spec_.layers[built.index];
  std::vector<at::Tensor> arguments;
  for (const std::string& name : layer.inputs) {
    const auto found = live.find(name);
    if (found == live.end())
      throw InternalError(str_format("layer '{}': activation '{}' is missing", layer.name, name));
    arguments.push_back(found->second);
  }
  std::vector<at::Tensor> outputs;
  if (context.training && !recomputed_.empty() && recomputed_[built.index]) {
    std::vector<at::Tensor> parameters;
    for (const Parameter& parameter : built.layer->parameters()) parameters.push_back(parameter.tensor);
    const auto run = [layer = built.layer.get(), context](at::TensorList inputs, bool again) {
      Context own = context;
      own.recomputing = again;
      return layer->forward(inputs, own);
    };
    outputs = recompute(run, arguments, parameters);
  } else {
    outputs = built.layer->forward(arguments, context);
  }
  if (outputs.size() != layer.outputs.size()) {
    throw InternalError(str_format("layer '{}' returned {} tensors instead of {}", layer.name, outputs.size(),
                                   layer.outputs.size()));
  }
  return outputs;
}

LayeredModel without_memory(const ModelSpec& spec) {
  return {spec, at::TensorOptions().device(at::kMeta), /*seed=*/0};
}

}  // namespace echelon::nn
