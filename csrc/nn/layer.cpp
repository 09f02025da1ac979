#include "nn/layer.h"

#include "common/random.h"

namespace echelon::nn {

BuildOptions BuildOptions::child(const std::string& name) const {
  BuildOptions options = *this;
  options.prefix += name + ".";
  return options;
}

at::Tensor Layer::add_parameter(const BuildOptions& options, const std::string& name, at::IntArrayRef shape,
                                const Initializer& initializer, bool decay) {
  const auto shared = options.shared.find(options.prefix + name);
  at::Tensor value;
  if (shared != options.shared.end() && shared->second.tensor.defined()) {
    value = shared->second.tensor;
    TORCH_CHECK(value.sizes() == shape, "the shared tensor ", name,
                " has another shape than this layer needs");
  } else {
    const uint64_t own_key = derive_key(options.seed, options.prefix + name);
    const uint64_t key = shared != options.shared.end() ? shared->second.key : own_key;
    value = initial_value(shape, options.tensor, key, initializer);
    value.set_requires_grad(true);
  }
  parameters_.push_back({name, value, decay});
  return value;
}

at::Tensor Layer::add_buffer(std::string name, at::Tensor value, bool running_statistic) {
  buffers_.push_back({std::move(name), value, running_statistic});
  return value;
}

void Layer::adopt(const std::string& name, std::unique_ptr<Layer> child) {
  for (const Parameter& parameter : child->parameters()) {
    parameters_.push_back({name + "." + parameter.name, parameter.tensor, parameter.decay});
  }
  for (const Buffer& buffer : child->buffers()) {
    buffers_.push_back({name + "." + buffer.name, buffer.tensor, buffer.running_statistic});
  }
  children_.push_back(std::move(child));
}

}  // namespace echelon::nn
