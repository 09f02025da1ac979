// The weights of a Hugging Face folder: one safetensors file, or several and an index.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"

namespace echelon::checkpoint::hugging_face {

/// Tensors under the names that Hugging Face's BertModel has for them: without "bert." before them, and with
/// "weight" and "bias" of norms for the older "gamma" and "beta".
class Weights {
 public:
  /// Opens model.safetensors, or the files that model.safetensors.index.json names. Throws CheckpointError
  /// that names the file when neither is there, one is malformed, a tensor of the index is not in its file,
  /// or two tensors have one name.
  explicit Weights(const fs::path& folder);

  bool contains(const std::string& name) const { return places_.contains(name); }
  std::vector<std::string> names() const;
  /// Throws CheckpointError where there is no such tensor, with the nearest name.
  const TensorEntry& entry(const std::string& name) const;
  /// SafetensorsFile::view.
  at::Tensor view(const std::string& name) const;

  /// The index, if there is one, and the files.
  std::vector<fs::path> paths() const;
  /// For messages: the file that holds the tensor, or the first.
  std::string path_of(const std::string& name) const;

 private:
  struct Place {
    size_t file;
    std::string name;  ///< in the file
  };
  void open_index(const fs::path& index);
  void add(const fs::path& path);

  std::vector<fs::path> index_;  ///< none or one
  std::vector<SafetensorsFile> files_;
  std::map<std::string, Place> places_;
};

}  // namespace echelon::checkpoint::hugging_face
