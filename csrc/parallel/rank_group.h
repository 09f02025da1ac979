// Some ranks of a job that work together.
#pragma once

#include "comm/communicator.h"

namespace echelon::parallel {

/// The same ranks in the same order, reached for tensors in host memory and for tensors on the device. On the
/// CPU both are one communicator; on a GPU the second may be NCCL's.
struct RankGroup {
  Communicator& host;
  Communicator& device;

  int rank() const { return host.rank(); }
  int size() const { return host.size(); }
};

}  // namespace echelon::parallel
