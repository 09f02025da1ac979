// What the ranks of a NCCL communicator tell each other before it exists, over the communicator
// that carries it.
#pragma once

#include <nccl.h>

#include <vector>

#include "comm/communicator.h"

namespace echelon {

/// Collective. `count` fresh ids from rank 0, the same on every rank.
std::vector<ncclUniqueId> share_nccl_ids(Communicator& control, int count);

/// Collective. Throws CommError on every rank when two of them use the same GPU.
void refuse_shared_gpus(Communicator& control, int device);

}  // namespace echelon
