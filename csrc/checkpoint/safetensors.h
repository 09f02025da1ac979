// Safetensors files: written as a stream, read through a map. Python's `safetensors` reads what this writes
// and the other way round. Types: F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "checkpoint/safetensors_header.h"
#include "common/file.h"

namespace echelon::checkpoint {

using NamedTensors = std::map<std::string, at::Tensor>;

struct WrittenFile {
  uint64_t bytes = 0;
  std::string checksum;  ///< XXH3-128 of the whole file
};

/// Writes `path` and syncs it. Tensors may lie on any device and have any strides; at most one of them is
/// copied at a time, a contiguous one on the CPU not at all. Equal tensors and metadata give equal bytes.
/// Throws CheckpointError that names the path and the system's reason (no space left, say); the partial file
/// is the caller's to remove.
WrittenFile write_safetensors(const fs::path& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata = {});

/// A safetensors file, mapped and checked (parse_header) when it is opened. Copies are cheap and share the
/// map.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const fs::path& path);

  const fs::path& path() const { return mapped_->path(); }
  const std::vector<TensorEntry>& tensors() const {
    return header_->tensors;
  }  ///< in the order of their bytes
  const std::map<std::string, std::string>& metadata() const { return header_->metadata; }
  bool contains(const std::string& name) const;
  const TensorEntry& entry(const std::string& name) const;  ///< throws CheckpointError with the nearest name

  /// The tensor as a view of the map, which it keeps alive: NEVER write to it; clone() first. (A tensor that
  /// is not aligned to its element size, which other writers can make, comes as a copy.)
  at::Tensor view(const std::string& name) const;
  NamedTensors views() const;

  /// XXH3-128 of the whole file; reads all of it.
  std::string checksum() const;
  uint64_t bytes() const { return mapped_->bytes().size(); }

 private:
  std::shared_ptr<const MappedFile> mapped_;
  std::shared_ptr<const SafetensorsHeader> header_;
  std::shared_ptr<const std::map<std::string, size_t>> index_;  // name → position in header_->tensors
};

}  // namespace echelon::checkpoint
