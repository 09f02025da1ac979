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

  /// Adds the layer L(options, arguments…), or L(arguments…) for one without tensors, after the last.
  template <class L, class... Arguments>
  void add(std::string name, Arguments... arguments) {
    const std::string input = spec_.layers.empty() ? spec_.inputs[0] : spec_.layers.back().outputs[0];
    spec_.layers.push_back(
        {std::move(name), {input}, {"x"}, [=](const nn::BuildOptions& options) {
           if constexpr (std::is_constructible_v<L, const nn::BuildOptions&, Arguments...>) {
             return std::unique_ptr<nn::Layer>(std::make_unique<L>(options, arguments...));
           } else {
             return std::unique_ptr<nn::Layer>(std::make_unique<L>(arguments...));
           }
         }});
  }

  /// The last layer writes the activation `output`.
  nn::ModelSpec finish(const std::string& output) {
    spec_.layers.back().outputs = {output};
    spec_.outputs = {output};
    return std::move(spec_);
  }

 private:
  nn::ModelSpec spec_;
};

}  // namespace echelon::models
