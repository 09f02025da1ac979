#include "nn/memory_pool.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <thread>

namespace echelon::nn {
namespace {

constexpr int64_t kMiB = 1 << 20;

at::Tensor megabytes(int64_t count) {
  return at::empty({count * kMiB}, at::kByte);
}

class MemoryPool : public testing::Test {
 protected:
  MemoryPool() { install_memory_pool(); }
};

TEST_F(MemoryPool, GivesAFreedBlockToTheNextTensorOfItsSize) {
  const void* first = megabytes(8).const_data_ptr();
  const at::Tensor again = at::empty({2 * kMiB}, at::kFloat);
  EXPECT_EQ(again.const_data_ptr(), first);
}

TEST_F(MemoryPool, KeepsLittleMoreThanWasEverInUse) {
  for (int64_t size = 1; size < 40; ++size) megabytes(size);
  const at::Tensor large = megabytes(64);
  const MemoryPoolUse use = memory_pool_use();
  EXPECT_GE(use.in_use, 64u * kMiB);
  EXPECT_LE(use.in_use + use.kept, use.most + use.most / 16);
}

TEST_F(MemoryPool, CountsWhatTensorsHold) {
  const size_t before = memory_pool_use().in_use;
  {
    const at::Tensor tensor = megabytes(3), small = at::empty({100});
    EXPECT_EQ(memory_pool_use().in_use, before + 3 * kMiB);
  }
  EXPECT_EQ(memory_pool_use().in_use, before);
}

TEST_F(MemoryPool, ServesTheScratchMemoryOfProducts) {
  const at::Tensor a = at::randn({1024, 1024}), b = at::randn({1024, 1024});
  const at::Tensor product = at::mm(a.to(at::kBFloat16), b.to(at::kBFloat16));
  EXPECT_NEAR((product.to(at::kFloat) - at::mm(a, b)).abs().mean().item<double>(), 0, 0.5);
}

TEST_F(MemoryPool, IsSafeAmongThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        const at::Tensor tensor = megabytes(1 + (i + t) % 5).fill_(t);
        EXPECT_EQ(tensor[-1].item<int>(), t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace echelon::nn
