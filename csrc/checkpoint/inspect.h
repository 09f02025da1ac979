// What `echelon inspect` shows of checkpoints and safetensors files.
#pragma once

#include <string>

#include "common/file.h"

namespace echelon::checkpoint {

/// True for what inspect() can show: a .safetensors file, a checkpoint, or a folder that holds checkpoints.
bool can_inspect(const fs::path& path);

/// The manifest in short, and each file's tensors with type, shape and size, as text of several lines.
/// Checksums are verified (of a lone file: when a manifest that lists it lies beside it). Throws
/// CheckpointError that names the damaged file.
std::string inspect(const fs::path& path);

}  // namespace echelon::checkpoint
