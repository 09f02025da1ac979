// Batches as they come to a GPU.
#include "data/device_copy.h"

#include <ATen/ATen.h>

#include "cuda/device.h"
#include "cuda/gpu/gpu_ranks.h"
#include "data/loader.h"
#include "data/support/counting_dataset.h"

namespace echelon::data {
namespace {

constexpr int64_t kElements = int64_t{1} << 20;

/// Every element of it is `number`, in pinned memory.
Batch batch_of(int64_t number) {
  Batch batch;
  batch.inputs["values"] = at::empty({kElements}, at::TensorOptions().dtype(at::kDouble).pinned_memory(true));
  batch.inputs["values"].fill_(static_cast<double>(number));
  batch.target = at::full({1}, number, at::kLong);
  batch.samples = 1;
  return batch;
}

TEST(DeviceCopyOnGpu, WhatIsQueuedAfterwardsSeesTheBatch) {
  ASSERT_TRUE(choose_device("auto", 0).is_cuda()) << cuda_lookup().why_not;
  const at::Device device(at::kCUDA, 0);
  const Send send = make_send(device);
  const at::Tensor busy = at::ones({2048, 2048}, device);
  std::vector<at::Tensor> sums, targets;
  Receive next = send(batch_of(0));
  for (int64_t number = 0; number < 100; ++number) {
    const Batch batch = next();
    next = send(batch_of(number + 1));  // the memory of the one before may be taken, if it is too early
    at::mm(busy, busy);                 // what is queued next runs much later
    sums.push_back(batch.inputs.at("values").sum());
    targets.push_back(batch.target);
    EXPECT_EQ(batch.target.device(), device);
  }
  for (int64_t number = 0; number < 100; ++number) {
    const auto i = static_cast<size_t>(number);
    EXPECT_EQ(sums[i].item<double>(), static_cast<double>(number * kElements));
    EXPECT_EQ(targets[i].item<int64_t>(), number);
  }
}

TEST(DeviceCopyOnGpu, ALoaderGivesTheSameBatchesAsOnTheCpu) {
  ASSERT_TRUE(choose_device("auto", 0).is_cuda()) << cuda_lookup().why_not;
  for (const int threads : {0, 1, 3}) {
    LoaderOptions options{.global_batch = 8, .micro_batch = 8, .threads = threads};
    TrainLoader host(std::make_shared<CountingDataset>(100), options, 0);
    options.device = at::Device(at::kCUDA, 0);
    TrainLoader gpu(std::make_shared<CountingDataset>(100), options, 0);
    for (int batch = 0; batch < 30; ++batch) {
      const Batch there = gpu.next(), here = host.next();
      EXPECT_TRUE(there.target.is_cuda());
      EXPECT_EQ(numbers(there.target.cpu()), numbers(here.target));
      EXPECT_EQ(numbers(there.inputs.at("key").cpu()), numbers(here.inputs.at("key")));
      EXPECT_EQ(there.targets, here.targets);
    }
  }
}

}  // namespace
}  // namespace echelon::data
