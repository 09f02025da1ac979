// The collectives of one node: all of them are one exchange of parts through shared memory.
//
// The data is seen as one part for each rank of the group (parts may be empty). Where it reduces, rank r gets
// part r of every rank's input, reduced in rank order; where it gathers, every rank gets all the parts.
// All-reduce does both, reduce-scatter only the first, all-gather only the second, and broadcast gathers with
// all of it in the root's part.
//
// The parts are cut into pieces, and the exchange proceeds in steps of one piece of each part:
//
//   publish  copy the pieces that others reduce from the input into the own buffer
//   reduce   own piece and the published pieces of the others -> result, and into the own buffer where it
//   gathers consume  copy the pieces that others have reduced out of their buffers
//
// Steps of different stages overlap; each rank counts the steps it has done of each stage in its slot, since
// the start of the group, and a buffer is used again when all have done with it.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <span>
#include <vector>

#include "comm/node/node_group.h"

namespace echelon {

/// In elements from the start of the whole.
struct Part {
  int64_t offset = 0;
  int64_t elements = 0;
};

struct Exchange {
  at::ScalarType type = at::kByte;
  Reduce op = Reduce::kSum;
  double divisor = 1;                ///< of kMean
  std::vector<Part> parts = {};      ///< [rank], the same on every rank
  const std::byte* input = nullptr;  ///< the whole of what is to be reduced; null: nothing is
  std::byte* own = nullptr;     ///< part of this rank: the result of the reduction, or what others are to get
  std::byte* output = nullptr;  ///< the whole of what is gathered; null: nothing is
};

/// Collective over the group; every rank must have agreed() on the operation. Throws as NodeGroup::wait_until
/// does.
void exchange(NodeGroup& group, const Exchange& request);

/// All-reduce of `elements` at `tensors[rank]`, each mapped in every rank, without copies in between.
void reduce_in_place(NodeGroup& group, at::ScalarType type, Reduce op, double divisor,
                     std::span<std::byte* const> tensors, int64_t elements);

/// Returns when all ranks of the group have come.
void meet(NodeGroup& group);

/// `elements` in nearly equal parts that begin at cache lines.
std::vector<Part> equal_parts(int64_t elements, int parts, size_t element_bytes);
/// Everything in part `owner`.
std::vector<Part> single_part(int64_t elements, int parts, int owner);

}  // namespace echelon
