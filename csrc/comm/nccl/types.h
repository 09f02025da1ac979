// Echelon's types and reductions in NCCL's terms.
#pragma once

#include <c10/core/ScalarType.h>
#include <nccl.h>

#include "comm/communicator.h"

namespace echelon {

/// bool travels as uint8 (0 or 1). Throws InternalError for a type that communicators do not move.
ncclDataType_t nccl_type(at::ScalarType type);

/// The sum of bools is their maximum. Throws InternalError for the mean of an integer type or of bool.
ncclRedOp_t nccl_reduction(at::ScalarType type, Reduce op);

}  // namespace echelon
