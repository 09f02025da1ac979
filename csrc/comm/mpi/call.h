// Calling MPI: errors as CommError, waiting with a deadline.
#pragma once

#include <mpi.h>

#include <functional>

#include "comm/node/node_group.h"

namespace echelon::mpi {

/// Throws CommError with MPI's text when `code`, returned by the function `name`, is an error.
void check(int code, const char* name);

/// Waits for `request`, looking after `group` meanwhile: throws when it has failed, and when its timeout has
/// passed declares that its current operation is late. MPI never waits itself, so a missing rank cannot hang
/// this one.
void await(MPI_Request& request, NodeGroup& group);

/// The MPI type of the same size, and the operation that reduces as reduce_elements() does. kMean is not
/// among them.
MPI_Datatype datatype(at::ScalarType type);
MPI_Op reduce_op(at::ScalarType type, Reduce op);

/// Calls `run(offset, count)` for consecutive segments of `total`, none larger than `segment`.
template <class Run>
void for_segments(int64_t total, int64_t segment, const Run& run) {
  for (int64_t offset = 0; offset < total; offset += segment) {
    run(offset, static_cast<int>(std::min(segment, total - offset)));
  }
}

}  // namespace echelon::mpi
