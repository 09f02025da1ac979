// The archive (.pt2) in which PyTorch lays a model that it compiled:
// torch._inductor.aoti_compile_and_package.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/file.h"

namespace echelon::predict {

/// One model of a package, without having been loaded: it is native code, and runs as soon as it is.
class CompiledPackage {
 public:
  /// `model`: which of several; empty: the only one. Throws CheckpointError that names the file where it, or
  /// what of it belongs to the model, is damaged, or has not what a model consists of; ConfigError that names
  /// `model.method` where there is no such model.
  CompiledPackage(const std::string& path, const std::string& model);

  /// What PyTorch noted of it: AOTI_DEVICE_KEY, AOTI_CPU_ISA, …
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The C++ that the library was compiled from.
  const std::string& source() const { return source_; }
  /// Writes its files into `folder` and gives the path of the library among them. Throws CheckpointError.
  fs::path unpack(const fs::path& folder) const;

 private:
  std::string path_;
  std::vector<std::string> records_;  ///< in the archive, of this model
  std::string library_;               ///< one of them
  std::map<std::string, std::string> metadata_;
  std::string source_;
};

/// Throws CheckpointError that begins with `path` and says what to do where a model with this metadata was
/// compiled for another device, system or kind of processor than this one.
void require_this_machine(const std::string& path, const std::map<std::string, std::string>& metadata);

/// Of the vector instructions that PyTorch names ("AVX512 AVX512_VNNI") those that a processor with these
/// flags (as Linux calls them) has not.
std::vector<std::string> missing_instructions(const std::string& wanted, const std::set<std::string>& flags);

}  // namespace echelon::predict
