// The tensors of a checkpoint as a model knows them, whatever files and pieces they are stored in.
//
// The ranks of a job may each write a file ("model-00002-of-00004.safetensors"), and a rank that updates only
// a shard of a tensor stores that shard: elements [begin, end), counted row by row, as the one-dimensional
// tensor "NAME[begin:end]". Format: docs/formats/checkpoint.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"

namespace echelon::checkpoint {

/// "block.0.weight[0:4096]".
std::string piece_name(const std::string& tensor, int64_t begin, int64_t end);

class LogicalTensors {
 public:
  /// Throws CheckpointError when two files hold the same elements.
  explicit LogicalTensors(std::vector<SafetensorsFile> files);

  std::vector<std::string> names() const;

  /// Copies elements [begin, begin + destination.numel()) of the tensor, whose shape is `shape`, into
  /// `destination`, on any device and of any shape. Throws CheckpointError when the tensor or some of its
  /// elements are missing, with the nearest name, or when its type or, as far as it is known, its shape is
  /// another.
  void copy(const std::string& name, at::IntArrayRef shape, int64_t begin, at::Tensor destination) const;
  /// All of it.
  void copy(const std::string& name, at::Tensor destination) const;

  /// For messages: where they come from.
  std::string path() const;

 private:
  struct Piece {
    size_t file;
    std::string entry;  // name in the file
    int64_t end;
    bool whole;
  };

  void refuse_overlaps(const std::map<int64_t, Piece>& pieces) const;
  const std::map<int64_t, Piece>& pieces_of(const std::string& name) const;
  void check(const std::string& name, const Piece& piece, at::IntArrayRef shape, at::ScalarType type) const;

  std::vector<SafetensorsFile> files_;
  std::map<std::string, std::map<int64_t, Piece>> pieces_;  // by name, then first element
};

}  // namespace echelon::checkpoint
