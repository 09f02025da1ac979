// Several datasets as one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace echelon::data {

struct NamedDataset {
  std::string name;
  std::shared_ptr<const Dataset> dataset;
  double weight = 1;
};

/// The samples of `parts`, at least one and of the same kind, one after the other. `weighted`: training draws
/// from each by its weight (Dataset::sources), instead of from all samples alike.
std::shared_ptr<const Dataset> concatenate(std::vector<NamedDataset> parts, bool weighted);

}  // namespace echelon::data
