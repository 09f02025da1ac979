// Builds the description of a model whose layers follow one another.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "nn/layered_model.h"

namespace echelon::models {

class Chain {
 public:
  /// The first layer reads the activation `input`.
  Chain(std::string family, std::string input) {
    spec_.family = std::move(family);
    spec_.inputs.push_back(std::move(input));
  }

  /// A second input of the model, which layers added by add_reading() read besides.
  void also_reads(std::string input) { spec_.inputs.push_back(std::move(input)); }

  /// Adds the layer L(options, arguments…), or L(arguments…) for one without tensors, after the last.
  template <class L, class... Arguments>
  void add(std::string name, Arguments... arguments) {
    add_layer<L>(std::move(name), 1, arguments...);
  }
  template <class L, class... Arguments>
  void add_reading(std::string name, Arguments... arguments) {
    add_layer<L>(std::move(name), spec_.inputs.size(), arguments...);
  }

  /// The last layer writes the activation `output`.
  nn::ModelSpec finish(const std::string& output) {
    spec_.layers.back().outputs = {output};
    spec_.outputs = {output};
    return std::move(spec_);
  }

 private:
  template <class L, class... Arguments>
  void add_layer(std::string name, size_t inputs_read, Arguments... arguments) {
    std::vector<std::string> inputs(spec_.inputs.begin(),
                                    spec_.inputs.begin() + static_cast<std::ptrdiff_t>(inputs_read));
    if (!spec_.layers.empty()) inputs[0] = spec_.layers.back().outputs[0];
    spec_.layers.push_back(
        {std::move(name), std::move(inputs), {"x"}, [=](const nn::BuildOptions& options) {
           if constexpr (std::is_constructible_v<L, const nn::BuildOptions&, Arguments...>) {
             return std::unique_ptr<nn::Layer>(std::make_unique<L>(options, arguments...));
           } else {
             return std::unique_ptr<nn::Layer>(std::make_unique<L>(arguments...));
           }
         }});
  }

  nn::ModelSpec spec_;
};

}  // namespace echelon::models
