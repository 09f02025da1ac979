// One list of files → dataset, for each kind of data.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/open_dataset.h"

namespace echelon::data {

using Inputs = std::vector<config::InputPath>;

/// The files that `inputs` name; the same on all ranks, of which one looks. Collective.
std::vector<std::string> expand(const Inputs& inputs, const OpenRequest& request);

/// The samples of `inputs` as `request.split` wants them. Collective. Throws DataError.
std::shared_ptr<const Dataset> open_files(const ImageSettings& settings, const Inputs& inputs,
                                          const OpenRequest& request);
std::shared_ptr<const Dataset> open_files(const TextSettings& settings, const Inputs& inputs,
                                          const OpenRequest& request);
std::shared_ptr<const Dataset> open_files(const TableSettings& settings, const Inputs& inputs,
                                          const OpenRequest& request);

/// What training reads: `train`, or the files of all sources.
std::vector<Inputs> training_inputs(const LoadingSettings& settings);

}  // namespace echelon::data
