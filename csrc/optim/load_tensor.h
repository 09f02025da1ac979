// Loading of stored state, shared by the optimizers and the weight average.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace echelon::optim {

/// Copies the tensor `name` of `state` into `destination`, on any device. Throws CheckpointError when it is
/// missing or of another shape or type.
void load_tensor(const std::string& name, const std::map<std::string, at::Tensor>& state,
                 at::Tensor destination);

}  // namespace echelon::optim
