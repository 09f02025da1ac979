// Settings → dataset.
#pragma once

#include <memory>

#include "data/dataset.h"
#include "data/settings.h"

namespace echelon {
class Communicator;
}

namespace echelon::data {

enum class Split { kTrain, kTest };

/// Opens one split; null when the settings name none. `limit`: the classes or the vocabulary of the model;
/// labels and tokens must be smaller. `seed` decides which samples a subset has. Collective over
/// `communicator`, whose ranks share the work of reading the index; it must carry CPU tensors; null: alone.
/// Throws DataError, on every rank the same.
std::shared_ptr<const Dataset> open_dataset(const DataSettings& settings, Split split, int64_t limit,
                                            uint64_t seed, Communicator* communicator);

}  // namespace echelon::data
