// Model files as PyTorch writes them, made without Python.
#pragma once

#include <map>
#include <string>

#include "common/file.h"

namespace echelon::predict {

/// A module with the methods of `source` (TorchScript), and with an attribute `total` (a tensor, [0]), a
/// parameter `weight` ([2, 3]: 1 to 6) and a number `calls` (0), as torch.jit.save writes it.
void save_script(const fs::path& path, const std::string& source);

/// An archive of these records.
void save_archive(const fs::path& path, const std::map<std::string, std::string>& records);

}  // namespace echelon::predict
