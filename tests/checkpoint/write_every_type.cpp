// Writes a safetensors file with every type, an empty and a scalar tensor, and strided input:
// write_every_type PATH
#include <ATen/ATen.h>

#include "checkpoint/safetensors.h"

int main(int, char** arguments) {
  using echelon::checkpoint::NamedTensors;
  NamedTensors tensors;
  const std::pair<const char*, at::ScalarType> types[] = {
      {"F64", at::kDouble},    {"F32", at::kFloat}, {"F16", at::kHalf},
      {"BF16", at::kBFloat16}, {"I64", at::kLong},  {"I32", at::kInt},
      {"I16", at::kShort},     {"I8", at::kChar},   {"U8", at::kByte}};
  for (const auto& [name, type] : types) {
    tensors[name] = at::arange(12, type).reshape({3, 4});
  }
  tensors["BOOL"] = at::tensor({1, 0, 1}).to(at::kBool);
  tensors["scalar"] = at::scalar_tensor(2.5, at::kFloat);
  tensors["empty"] = at::empty({0, 5});
  tensors["transposed"] = at::arange(6, at::kFloat).reshape({2, 3}).t();
  tensors["name with \"quotes\" and größe"] = at::ones({1}, at::kByte);
  echelon::checkpoint::write_safetensors(arguments[1], tensors, {{"format", "pt"}});
  return 0;
}
