#include "optim/load_tensor.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "common/error.h"
#include "common/format.h"

namespace echelon::optim {

void load_tensor(const std::string& name, const std::map<std::string, at::Tensor>& state,
                 at::Tensor destination) {
  const auto found = state.find(name);
  if (found == state.end()) {
    throw CheckpointError(
        str_format("the checkpoint has no '{}': it comes from another optimizer or model", name));
  }
  const at::Tensor& source = found->second;
  if (source.sizes() != destination.sizes() || source.scalar_type() != destination.scalar_type()) {
    throw CheckpointError(str_format("the checkpoint's '{}' is {} of shape {}, but {} of shape {} is needed",
                                     name, c10::toString(source.scalar_type()), format_shape(source.sizes()),
                                     c10::toString(destination.scalar_type()),
                                     format_shape(destination.sizes())));
  }
  const c10::NoGradGuard no_grad;
  destination.copy_(source);
}

}  // namespace echelon::optim
