// Tar shards of images.
#pragma once

#include <memory>

#include "prepare/image/settings.h"
#include "work/task.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// Unit i makes NAME-i.tar and its index, of the samples from i × samples_per_shard on; the last step writes
/// classes.txt where the input names its classes. Collective: the ranks look at the input together. Throws
/// DataError, on every rank the same.
std::unique_ptr<work::Task> make_task(const ImagePreparation& settings, Communicator& comm);

}  // namespace echelon::prepare
