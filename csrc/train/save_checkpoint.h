// Writing a checkpoint whose parts are on several ranks.
#pragma once

#include "checkpoint/store.h"
#include "comm/communicator.h"

namespace echelon::train {

/// Every rank writes the files that it has something for, rank 0, which has the `store`, puts them in place.
/// Where only rank 0 has something the others do not wait. Collective; throws CheckpointError on every rank
/// that writes.
void save_checkpoint(checkpoint::Store* store, const checkpoint::Contents& contents, Communicator& comm);

}  // namespace echelon::train
