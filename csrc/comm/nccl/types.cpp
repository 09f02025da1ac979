#include "comm/nccl/types.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon {

ncclDataType_t nccl_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return ncclFloat32;
    case at::kDouble:
      return ncclFloat64;
    case at::kHalf:
      return ncclFloat16;
    case at::kBFloat16:
      return ncclBfloat16;
    case at::kInt:
      return ncclInt32;
    case at::kLong:
      return ncclInt64;
    case at::kByte:
    case at::kBool:
      return ncclUint8;
    default:
      throw InternalError(
          str_format("the NCCL backend does not move tensors of type {}", c10::toString(type)));
  }
}

ncclRedOp_t nccl_reduction(at::ScalarType type, Reduce op) {
  switch (op) {
    case Reduce::kSum:
      return type == at::kBool ? ncclMax : ncclSum;
    case Reduce::kMin:
      return ncclMin;
    case Reduce::kMax:
      return ncclMax;
    case Reduce::kMean:
      break;
  }
  if (!c10::isFloatingType(type)) {
    throw InternalError(
        str_format("the mean of tensors of type {} is not defined: sum them instead", c10::toString(type)));
  }
  return ncclAvg;
}

}  // namespace echelon
