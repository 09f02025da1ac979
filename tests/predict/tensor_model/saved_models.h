// Model files as PyTorch writes them, made without Python.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/file.h"

namespace echelon::predict {

/// A module with the methods of `source` (TorchScript), and with an attribute `total` (a tensor, [0]), a
/// parameter `weight` ([2, 3]: 1 to 6) and a number `calls` (0), as torch.jit.save writes it.
void save_script(const fs::path& path, const std::string& source);

/// An archive of these records.
void save_archive(const fs::path& path, const std::map<std::string, std::string>& records);

/// A size of an input as PyTorch checks it.
struct CheckedSize {
  int64_t least = 2, most = -1;  ///< -1: not checked
  int64_t stride = -1;           ///< -1: not checked
  enum class Name { kOwn, kComputed, kNone } name = Name::kNone;
};
struct CheckedInput {
  std::string type;
  std::vector<CheckedSize> sizes;
};

/// Of the source that PyTorch generates for a package, what it checks of the inputs and which sizes it names.
std::string generated_source(const std::vector<CheckedInput>& inputs);

/// What PyTorch notes of a package for this machine.
std::map<std::string, std::string> package_metadata();

/// A package with one model, as torch._inductor.aoti_compile_and_package writes it. `library`: the path.
void save_package(const fs::path& path, const fs::path& library, const std::string& source,
                  const std::map<std::string, std::string>& metadata = package_metadata());

}  // namespace echelon::predict
