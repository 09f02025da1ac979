// The header of a safetensors file: what is where. Format: docs/formats/checkpoint.md, after
// https://github.com/huggingface/safetensors ("Format" in its README).
#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::checkpoint {

struct TensorEntry {
  std::string name;
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0;  ///< of its bytes, from the start of the data
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry>
      tensors;  ///< in the order of their bytes; they cover the data without overlap or hole
  std::map<std::string, std::string> metadata;
  uint64_t data_start = 0;  ///< offset in the file of the first tensor's first byte
};

/// "F32", "BF16", …; throws CheckpointError for a type that the format does not have.
std::string_view dtype_name(at::ScalarType dtype);

/// Reads and checks the header of a whole file: sizes, types, bounds, overlaps, holes, duplicate names, and
/// that the file is exactly as long as the header says. Throws CheckpointError that names `path` and the
/// tensor or byte.
SafetensorsHeader parse_header(std::span<const std::byte> file, std::string_view path);

/// The bytes before the data: length, JSON, and spaces so that the data starts at a multiple of 8. The
/// `begin` and `end` of `tensors` must be set; equal input gives equal bytes.
std::string render_header(std::span<const TensorEntry> tensors,
                          const std::map<std::string, std::string>& metadata);

}  // namespace echelon::checkpoint
