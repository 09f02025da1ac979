// Words → ids.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/merge_workspace.h"
#include "tokenizer/vocabulary.h"

namespace echelon::tokenizer {

using Ids = std::vector<uint32_t>;

/// Memory that one thread encodes with.
struct ModelWorkspace {
  MergeWorkspace merge;
  std::vector<uint32_t> symbols;
  struct Node {
    double score;
    size_t start;
    uint32_t id;
  };
  std::vector<Node> lattice;
};

/// Immutable; safe for many threads that bring a workspace each.
class Model {
 public:
  virtual ~Model() = default;
  /// Appends the ids of `word`, which is not empty.
  virtual void encode(std::string_view word, ModelWorkspace& workspace, Ids& ids) const = 0;
  /// As the file has them.
  virtual const Vocabulary& vocabulary() const = 0;
};

}  // namespace echelon::tokenizer
