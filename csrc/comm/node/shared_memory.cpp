#include "comm/node/shared_memory.h"

namespace echelon {
namespace {

// A place is the number of the allocation, from 1, above the offset into the rank's share of it.
constexpr int kOffsetBits = 44;

}  // namespace

std::pair<std::byte*, std::shared_ptr<void>> SharedMemory::add(std::shared_ptr<Region> region, int index,
                                                               size_t stride) {
  std::byte* own = region->data() + stride * index;
  allocations_.push_back({region, region->data(), own, stride});
  return {own, std::move(region)};
}

SharedMemory::Place SharedMemory::place(const std::byte* data) const {
  for (size_t i = 0; i < allocations_.size(); ++i) {
    const Allocation& allocation = allocations_[i];
    if (data < allocation.own || data >= allocation.own + allocation.stride) continue;
    if (allocation.region.expired()) continue;
    return (i + 1) << kOffsetBits | static_cast<uint64_t>(data - allocation.own);
  }
  return 0;
}

std::byte* SharedMemory::view(Place place, int index) const {
  const Allocation& allocation = allocations_[(place >> kOffsetBits) - 1];
  return allocation.base + allocation.stride * index + (place & ((uint64_t{1} << kOffsetBits) - 1));
}

}  // namespace echelon
