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

/// What a model asks of its data.
struct ModelInput {
  int64_t limit = 0;             ///< classes or vocabulary: labels and tokens must be smaller
  bool document_starts = false;  ///< the input of that name (data/text/dataset.h)
};

/// Opens one split; null when the settings name none. `seed` decides which samples a subset has. Collective
/// over `communicator`, whose ranks share the work of reading the index; it must carry CPU tensors; null:
/// alone. Throws DataError, on every rank the same.
std::shared_ptr<const Dataset> open_dataset(const DataSettings& settings, Split split,
                                            const ModelInput& model, uint64_t seed,
                                            Communicator* communicator);

}  // namespace echelon::data
