// Whether a file holds a TorchScript model, told by its content.
#pragma once

#include <string>

namespace echelon::predict {

/// XXH3-128 of the file. Throws CheckpointError that names it and says what to do: it is no such archive or a
/// damaged one, or holds weights, pickled objects, an exported program or a compiled package.
std::string digest_of_script(const std::string& path);

}  // namespace echelon::predict
