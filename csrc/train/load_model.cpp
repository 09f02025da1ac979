#include "train/load_model.h"

#include <c10/core/GradMode.h>

#include <set>

#include "common/error.h"
#include "common/format.h"

namespace echelon::train {
namespace {

/// Of parameters and buffers.
std::set<std::string> tensor_names(const nn::LayeredModel& model) {
  std::set<std::string> names;
  for (const auto& parameter : model.parameters()) names.insert(parameter.name);
  for (const auto& buffer : model.buffers()) names.insert(buffer.name);
  return names;
}

}  // namespace

void load_model(nn::LayeredModel& model, const checkpoint::Checkpoint& checkpoint, bool average) {
  const c10::NoGradGuard no_grad;
  const checkpoint::LogicalTensors stored = checkpoint.tensors(checkpoint::kModelFile);
  for (const auto& parameter : model.parameters()) stored.copy(parameter.name, parameter.tensor);
  for (const auto& buffer : model.buffers()) stored.copy(buffer.name, buffer.tensor);
  const std::set<std::string> expected = tensor_names(nn::without_memory(model.spec()));
  for (const std::string& name : stored.names()) {
    if (expected.contains(name)) continue;
    throw CheckpointError(
        str_format("{}: tensor {} has no place in the model of this configuration; is it the right one?",
                   stored.path(), name));
  }
  if (!average) return;
  const checkpoint::LogicalTensors averaged = checkpoint.tensors(checkpoint::kAverageFile);
  for (const auto& parameter : model.parameters()) averaged.copy(parameter.name, parameter.tensor);
}

}  // namespace echelon::train
