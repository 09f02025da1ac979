// The samples of the input, by number, with all that belongs to them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/image/shard_writer.h"
#include "prepare/image/settings.h"
#include "prepare/manifest.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// Immutable and safe for several threads.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual int64_t size() const = 0;
  /// What is read of a sample. Its key is that of the input where it has keys. Throws DataError without the
  /// place.
  virtual data::Sample read(int64_t index) const = 0;
  /// Where it lies, for messages.
  virtual std::string place(int64_t index) const = 0;
  /// Damaged samples and shards that were left out on opening.
  virtual int64_t left_out() const = 0;
  virtual std::vector<work::InputFile> inputs() const = 0;
  /// The names of the classes, in the order of their numbers; none where the input does not name them.
  virtual std::vector<std::string> class_names() const { return {}; }
};

/// The files or the folder that `settings.input` names. Collective. Throws DataError, on every rank the same.
std::unique_ptr<SampleSource> open_samples(const ImagePreparation& settings, Communicator& comm);

/// One for each kind of input.
using Paths = std::vector<std::string>;
std::unique_ptr<SampleSource> open_tar_samples(const Paths& paths, const ImagePreparation& settings,
                                               std::vector<work::InputFile> inputs, Communicator& comm);
std::unique_ptr<SampleSource> open_parquet_samples(const Paths& paths, const ImagePreparation& settings,
                                                   std::vector<work::InputFile> inputs, Communicator& comm);
std::unique_ptr<SampleSource> open_folder_samples(const std::string& root, const ImagePreparation& settings,
                                                  Communicator& comm);

}  // namespace echelon::prepare
