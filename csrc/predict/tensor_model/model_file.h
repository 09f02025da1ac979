// What model a file holds, TorchScript or a compiled package, told by its content.
#pragma once

#include <string>

namespace echelon::predict {

enum class ModelFileKind { kScript, kPackage };

struct ModelFile {
  ModelFileKind kind = ModelFileKind::kScript;
  std::string digest;  ///< XXH3-128 of the file
};

/// Throws CheckpointError that names the file and says what to do: it is no such archive or a damaged one, or
/// holds weights, pickled objects or an exported program.
ModelFile read_model_file(const std::string& path);

}  // namespace echelon::predict
