// How columns become the tensors of a model from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/declare.h"

namespace echelon::predict {

enum class TensorType { kFloat32, kFloat64, kBFloat16, kFloat16, kInt64, kInt32, kBool };

struct TensorSettings {
  TensorType type = TensorType::kFloat32;
  /// Without rows; not set: the number of columns, or the length of the list.
  std::optional<std::vector<int64_t>> shape;
};
void describe(config::Fields<TensorSettings>& f);

}  // namespace echelon::predict
