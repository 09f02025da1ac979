// A compiled package (.pt2): a model that PyTorch has compiled ahead of time.
#pragma once

#include <memory>

#include "predict/tensor_model/tensor_model.h"

namespace echelon::predict {

/// Inputs are called as the keyword arguments that the model was exported with, those without a keyword
/// input_0, … by their place. run() takes any number of rows: more than the package takes at once go through
/// it in parts, fewer with the last row repeated. As many calls as `options.calls_at_once` compute at a time,
/// others wait. Tensors that the package does not take never reach its code, which checks nothing.
/// Throws CheckpointError where it is damaged, does not load or was made for another machine; ConfigError
/// where inputs, constants or model.method do not fit, or where a call leaves the model other than it was.
std::unique_ptr<TensorModel> open_package_model(const TensorModelOptions& options);

}  // namespace echelon::predict
