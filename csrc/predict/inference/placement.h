// Where a rank has its model, or its part of one.
#pragma once

#include <c10/core/Device.h>

namespace echelon {
class Communicator;
}

namespace echelon::predict {

struct Placement {
  at::Device device = at::Device(at::kCPU);
  /// The ranks that a model is cut over, a stage each, in order; null: the whole model is here. Used by
  /// nobody else. For tensors in host memory.
  Communicator* pipeline = nullptr;
};

}  // namespace echelon::predict
