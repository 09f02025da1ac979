// Settings → dataset.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "data/dataset.h"
#include "data/settings.h"
#include "storage/storage.h"

namespace echelon {
class Communicator;
namespace image {
class GpuDecoder;
}
}  // namespace echelon

namespace echelon::data {

class Tables;

enum class Split { kTrain, kTest };

/// What a model asks of its data.
struct ModelInput {
  int64_t limit = 0;             ///< classes or vocabulary: labels and tokens must be smaller
  bool document_starts = false;  ///< the input of that name (data/text/dataset.h)
};

/// What opening needs besides the settings.
struct OpenRequest {
  Split split = Split::kTrain;
  ModelInput model{};
  uint64_t seed = 0;  ///< decides which samples a subset has
  std::shared_ptr<storage::Storage> storage = std::make_shared<storage::Storage>();
  /// Its ranks share the work of reading the index; it must carry CPU tensors; null: alone.
  Communicator* communicator = nullptr;
  /// Of TableSettings: what is known of the columns (data/table/tables.h); null: it is learned, of every
  /// split from the training data.
  std::shared_ptr<const Tables> tables = nullptr;
  /// Makes samples of images in the memory of `device`; null: the CPU does in its own, whatever data.decode
  /// says.
  std::shared_ptr<image::GpuDecoder> gpu_decoder = nullptr;
  at::Device device = at::Device(at::kCPU);
};

/// Opens one split; null when the settings name none. Collective over the communicator. Throws DataError, on
/// every rank the same.
std::shared_ptr<const Dataset> open_dataset(const DataSettings& settings, const OpenRequest& request);

}  // namespace echelon::data
