// The number format that a run computes in.
#pragma once

#include <c10/core/ScalarType.h>

#include <optional>
#include <string>

#include "train/settings.h"

namespace echelon::train {

/// Of parameters, gradients, optimizer state and input data: bf16 keeps them in float32 and computes in
/// bfloat16.
at::ScalarType storage_type(Precision precision);
std::string precision_name(Precision precision);

/// Of matrix products, where it is not that of storage: for nn::AutocastScope.
std::optional<at::ScalarType> autocast_type(Precision precision);

}  // namespace echelon::train
