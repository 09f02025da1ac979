#include "train/precision.h"

namespace echelon::train {

at::ScalarType storage_type(Precision precision) {
  return precision == Precision::kFloat64 ? at::kDouble : at::kFloat;
}

std::string precision_name(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "fp32";
    case Precision::kFloat64:
      return "fp64";
    case Precision::kBfloat16:
      return "bf16";
  }
  return "";
}

std::optional<at::ScalarType> autocast_type(Precision precision) {
  if (precision != Precision::kBfloat16) return std::nullopt;
  return at::kBFloat16;
}

}  // namespace echelon::train
