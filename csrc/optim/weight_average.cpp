#include "optim/weight_average.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <utility>

#include "common/error.h"
#include "optim/load_tensor.h"

namespace echelon::optim {

WeightAverage::WeightAverage(double decay, std::vector<std::string> names, std::vector<at::Tensor> parameters)
    : decay_(decay), names_(std::move(names)), parameters_(std::move(parameters)) {
  if (names_.size() != parameters_.size())
    throw InternalError("a weight average needs a name for each parameter");
  for (at::Tensor& parameter : parameters_) {
    parameter = parameter.detach();
    averages_.push_back(parameter.clone());
  }
}

void WeightAverage::update() {
  const c10::NoGradGuard no_grad;
  at::_foreach_lerp_(averages_, parameters_, 1 - decay_);
}

std::map<std::string, at::Tensor> WeightAverage::state() const {
  std::map<std::string, at::Tensor> state;
  for (size_t i = 0; i < names_.size(); ++i) state[names_[i]] = averages_[i];
  return state;
}

void WeightAverage::load_state(const std::map<std::string, at::Tensor>& state) {
  for (size_t i = 0; i < names_.size(); ++i) load_tensor(names_[i], state, averages_[i]);
}

void WeightAverage::exchange() {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor weights = parameters_[i].clone();
    parameters_[i].copy_(averages_[i]);
    averages_[i].copy_(weights);
  }
}

}  // namespace echelon::optim
