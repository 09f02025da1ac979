// TorchScript: a module that Python has saved with torch.jit.save.
#pragma once

#include <memory>

#include "predict/tensor_model/tensor_model.h"

namespace echelon::predict {

/// Arguments are called as in the method. A method that changes the module, as one that keeps the state of a
/// stream does, begins every run() with the module as it lies in the file. Throws CheckpointError where
/// LibTorch cannot load it, ConfigError where method, inputs or constants do not fit.
std::unique_ptr<TensorModel> open_script_model(const TensorModelOptions& options);

}  // namespace echelon::predict
