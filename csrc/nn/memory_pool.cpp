#include "nn/memory_pool.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <iterator>
#include <map>
#include <mutex>
#include <new>

namespace echelon::nn {
namespace {

constexpr size_t kSmallest = 512 << 10;
constexpr size_t kGranule = 64 << 10;

struct Block {
  void* data;
  size_t bytes;
};

class MemoryPool final : public c10::Allocator {
 public:
  static MemoryPool& instance() {
    static auto* pool = new MemoryPool;  // never destroyed: tensors may outlive static objects
    return *pool;
  }

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes < kSmallest) return c10::GetDefaultCPUAllocator()->allocate(bytes);
    auto* block = new Block(take((bytes + kGranule - 1) / kGranule * kGranule));
    return {block->data, block, &MemoryPool::release, c10::Device(c10::DeviceType::CPU)};
  }

  // Memory of this allocator is freed through its context, not its address.
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }

  void copy_data(void* to, const void* from, std::size_t count) const override { default_copy_data(to, from, count); }

  MemoryPoolUse use() {
    const std::lock_guard lock(mutex_);
    return use_;
  }

 private:
  Block take(size_t bytes) {
    const std::lock_guard lock(mutex_);
    Block block{nullptr, bytes};
    const auto found = kept_.lower_bound(bytes);
    if (found != kept_.end() && found->first <= bytes + bytes / 8) {
      block = {found->second, found->first};
      use_.kept -= block.bytes;
      kept_.erase(found);
    } else {
      return_to_system(bytes);
      block.data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (block.data == MAP_FAILED) throw std::bad_alloc();
      madvise(block.data, bytes, MADV_HUGEPAGE);  // a wish: without huge pages all works the same
    }
    use_.in_use += block.bytes;
    return block;
  }

  /// Makes room for a new block: what is kept has sizes that nobody asks for now. Largest first.
  void return_to_system(size_t bytes) {
    for (size_t returned = 0; returned < bytes && !kept_.empty();) {
      const auto largest = std::prev(kept_.end());
      munmap(largest->second, largest->first);
      returned += largest->first;
      use_.kept -= largest->first;
      kept_.erase(largest);
    }
  }

  static void release(void* context) {
    auto* block = static_cast<Block*>(context);
    MemoryPool& pool = instance();
    const std::lock_guard lock(pool.mutex_);
    pool.kept_.emplace(block->bytes, block->data);
    pool.use_.kept += block->bytes;
    pool.use_.in_use -= block->bytes;
    delete block;
  }

  std::mutex mutex_;
  std::multimap<size_t, void*> kept_;
  MemoryPoolUse use_;
};

}  // namespace

void install_memory_pool() { c10::SetCPUAllocator(&MemoryPool::instance(), /*priority=*/1); }

MemoryPoolUse memory_pool_use() { return MemoryPool::instance().use(); }

}  // namespace echelon::nn
