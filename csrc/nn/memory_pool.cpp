#include "nn/memory_pool.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

namespace echelon::nn {
namespace {

constexpr size_t kSmallest = 512 << 10;
constexpr size_t kGranule = 64 << 10;
constexpr size_t kSlack = 16;  // kept beyond the most that was in use: 1/16

class MemoryPool final : public c10::Allocator {
 public:
  static MemoryPool& instance() {
    static auto* pool = new MemoryPool;  // never destroyed: tensors may outlive static objects
    return *pool;
  }

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes < kSmallest) return c10::GetDefaultCPUAllocator()->allocate(bytes);
    void* data = take((bytes + kGranule - 1) / kGranule * kGranule);
    return {data, data, &MemoryPool::release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &MemoryPool::release; }

  void copy_data(void* to, const void* from, std::size_t count) const override {
    default_copy_data(to, from, count);
  }

  MemoryPoolUse use() {
    const std::lock_guard lock(mutex_);
    return use_;
  }

 private:
  void* take(size_t bytes) {
    const std::lock_guard lock(mutex_);
    void* data = nullptr;
    const auto found = kept_.lower_bound(bytes);
    if (found != kept_.end() && found->first <= bytes + bytes / 8) {
      bytes = found->first;
      data = found->second;
      use_.kept -= bytes;
      kept_.erase(found);
    } else {
      return_to_system(bytes);
      data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (data == MAP_FAILED) throw std::bad_alloc();
      madvise(data, bytes, MADV_HUGEPAGE);  // a wish: without huge pages all works the same
    }
    taken_.emplace(data, bytes);
    use_.in_use += bytes;
    use_.most = std::max(use_.most, use_.in_use);
    return data;
  }

  /// Until a new block of `bytes` leaves the total within its limit. Largest first.
  void return_to_system(size_t bytes) {
    while (!kept_.empty() && use_.in_use + use_.kept + bytes > use_.most + use_.most / kSlack) {
      const auto largest = std::prev(kept_.end());
      munmap(largest->second, largest->first);
      use_.kept -= largest->first;
      kept_.erase(largest);
    }
  }

  static void release(void* data) {
    MemoryPool& pool = instance();
    const std::lock_guard lock(pool.mutex_);
    const auto block = pool.taken_.find(data);
    if (block == pool.taken_.end()) return c10::GetDefaultCPUAllocator()->raw_deleter()(data);  // a small one
    pool.kept_.emplace(block->second, data);
    pool.use_.kept += block->second;
    pool.use_.in_use -= block->second;
    pool.taken_.erase(block);
  }

  std::mutex mutex_;
  std::unordered_map<void*, size_t> taken_;  // address → bytes
  std::multimap<size_t, void*> kept_;        // bytes → address
  MemoryPoolUse use_;
};

}  // namespace

void install_memory_pool() {
  c10::SetCPUAllocator(&MemoryPool::instance(), /*priority=*/1);
}

MemoryPoolUse memory_pool_use() {
  return MemoryPool::instance().use();
}

int64_t reusable_bytes(c10::Device device) {
  if (device.is_cpu()) return static_cast<int64_t>(memory_pool_use().kept);
  if (!c10::getDeviceAllocator(device.type())->initialized()) return 0;
  using c10::CachingAllocator::StatType;
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  const auto all = static_cast<size_t>(StatType::AGGREGATE);
  return stats.reserved_bytes[all].current - stats.allocated_bytes[all].current;
}

}  // namespace echelon::nn
