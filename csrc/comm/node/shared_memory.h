// Tensors' memory that all ranks of a node map, so that they reduce it without copies.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "comm/node/node_group.h"

namespace echelon {

/// The allocations of one group, in the order in which all its ranks made them.
class SharedMemory {
 public:
  /// Where memory lies, in a form that means the same on every rank. 0: not here.
  using Place = uint64_t;

  /// Adds an allocation of `stride` bytes for each rank of the group, held by `region`.
  std::pair<std::byte*, std::shared_ptr<void>> add(std::shared_ptr<Region> region, int index, size_t stride);
  /// The place of this rank's memory at `data`.
  Place place(const std::byte* data) const;
  /// This rank's view of the memory of rank `index` at `place`, as that rank computed it.
  std::byte* view(Place place, int index) const;

 private:
  struct Allocation {
    std::weak_ptr<Region> region;  ///< kept by the tensor
    std::byte* base = nullptr;
    std::byte* own = nullptr;
    size_t stride = 0;
  };
  std::vector<Allocation> allocations_;
};

}  // namespace echelon
