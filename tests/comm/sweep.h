// Every collective against a plain reference, on whatever communicator: ranks as threads, or processes.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "comm/communicator.h"

namespace echelon::testing {

/// float32, float64, float16, bfloat16, int32, int64, uint8, bool.
const std::vector<at::ScalarType>& element_types();

/// Sizes around what the implementation cuts at: none, one, odd, a staging buffer and its shares, several
/// buffers.
std::vector<int64_t> sizes_to_sweep(at::ScalarType type, int ranks);

/// What every rank contributes, [rank]: small whole numbers, so that sums are exact in every type.
std::vector<at::Tensor> contributions(int ranks, int64_t elements, at::ScalarType type);

// Each checks on this rank what one operation makes of the contributions. Collective.
void check_all_reduce(Communicator& comm, const std::vector<at::Tensor>& inputs, Reduce op,
                      at::Tensor memory = {});
void check_reduce_scatter(Communicator& comm, const std::vector<at::Tensor>& inputs, Reduce op);
void check_all_gather(Communicator& comm, const std::vector<at::Tensor>& inputs);
void check_broadcast(Communicator& comm, const std::vector<at::Tensor>& inputs);

/// All of these for one type, over all sizes and reductions.
void sweep_collectives(Communicator& comm, at::ScalarType type);

/// Results have the same bits on every rank although the values do not add exactly.
void check_same_bits(Communicator& comm);
/// Many operations in flight at once, waited for in reverse.
void check_asynchronous(Communicator& comm);
/// Every rank sends to every other, large before small, tags out of order, sends before receives.
void check_messages(Communicator& comm);
/// Halves, with the order of ranks turned round, and splits of these.
void check_split(Communicator& comm);
/// Memory from allocate(), whole and in slices, mixed with memory of its own.
void check_allocate(Communicator& comm);

}  // namespace echelon::testing
