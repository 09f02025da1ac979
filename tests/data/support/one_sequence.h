// The promise of docs/data.md, "Order", as a job keeps it: what a rank of it reads comes from its settings
// through open_dataset() and TrainLoader, and is compared byte by byte.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "comm/local/local.h"
#include "config/config.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "data/support/tar_writer.h"
#include "temporary_folder.h"

namespace echelon::data {

struct SequenceJob {
  DataSettings data;
};
inline void describe(config::Fields<SequenceJob>& f) {
  f.add("data", &SequenceJob::data, "What is trained on.").required();
}

/// How a job is spread over ranks and threads, and where it begins.
struct Spread {
  int world_size = 1;
  int64_t micro_batch = 1;
  int threads = 0;
  int prefetch = 1;
  int64_t first_step = 0;
  int64_t steps = 1;
};

class OneSequence {
 public:
  static constexpr int64_t kGlobalBatch = 24, kSteps = 6;

  /// `yaml`: what stands under `data`, with paths in `folder`.
  OneSequence(const TemporaryFolder& folder, const std::string& yaml, ModelInput model) : model_(model) {
    write_bytes(folder / "job.yaml", str_format("data: {{{}}}\n", yaml));
    data_ = config::load<SequenceJob>(folder / "job.yaml").value.data;
  }

  /// Each sample of the global batches, one after the other, as all the bytes that the model sees of it.
  std::vector<std::string> read(const Spread& spread) const {
    std::vector<std::vector<std::string>> by_rank(static_cast<size_t>(spread.world_size));
    run_ranks(spread.world_size, [&](Communicator& communicator) {
      by_rank[static_cast<size_t>(communicator.rank())] = read_rank(spread, communicator);
    });
    std::vector<std::string> samples;
    const auto of_a_rank = kGlobalBatch / spread.world_size;
    for (int64_t step = 0; step < spread.steps; ++step) {
      for (const std::vector<std::string>& rank : by_rank)
        samples.insert(samples.end(), rank.begin() + step * of_a_rank, rank.begin() + (step + 1) * of_a_rank);
    }
    return samples;
  }

  /// Every world goes on at every step, on changing numbers of threads, batches ahead and micro-batches: so
  /// any change of world at any restart gives the one sequence. `only_single`: samples that fill a
  /// micro-batch.
  void expect_everywhere(bool only_single = false) const {
    const std::vector<std::string> whole =
        read({.micro_batch = only_single ? 1 : kGlobalBatch, .steps = kSteps});
    EXPECT_GT(std::set<std::string>(whole.begin(), whole.end()).size(), kGlobalBatch) << "samples differ";
    int combination = 0;
    for (const int world_size : {1, 2, 3, 4, 8}) {
      for (int64_t first_step = 0; first_step + 1 < kSteps; ++first_step, ++combination) {
        const Spread spread{
            .world_size = world_size,
            .micro_batch = only_single || combination % 2 == 0 ? 1 : kGlobalBatch / world_size,
            .threads = std::vector{0, 1, 3}[combination % 3],
            .prefetch = std::vector{1, 2, 5}[combination / 3 % 3],
            .first_step = first_step,
            .steps = 2};
        const auto begin = whole.begin() + first_step * kGlobalBatch;
        ASSERT_TRUE(read(spread) == std::vector<std::string>(begin, begin + 2 * kGlobalBatch))
            << str_format("{} ranks from step {} on, {} threads, {} ahead, micro-batches of {}", world_size,
                          first_step, spread.threads, spread.prefetch, spread.micro_batch);
      }
    }
  }

 private:
  std::vector<std::string> read_rank(const Spread& spread, Communicator& communicator) const {
    LoaderOptions options = loader_options(data_);
    options.seed = 5;
    options.global_batch = kGlobalBatch;
    options.micro_batch = spread.micro_batch;
    options.threads = spread.threads;
    options.prefetch = spread.prefetch;
    options.rank = communicator.rank();
    options.world_size = spread.world_size;
    options.mix.classes = model_.limit;
    const auto dataset = open_dataset(data_, {.model = model_, .seed = 5, .communicator = &communicator});
    TrainLoader loader(dataset, options, spread.first_step * kGlobalBatch);
    std::vector<std::string> samples;
    const auto wanted = static_cast<size_t>(spread.steps * kGlobalBatch / spread.world_size);
    while (samples.size() < wanted) add_samples(loader.next(), samples);
    return samples;
  }

  static void add_samples(const Batch& batch, std::vector<std::string>& samples) {
    for (int64_t i = 0; i < batch.samples; ++i) {
      std::string bytes;
      for (const auto& [name, tensor] : batch.inputs) bytes += name + bytes_of(tensor, i, batch.samples);
      samples.push_back(bytes + bytes_of(batch.target, i, batch.samples));
    }
  }

  /// Row `i`; a sample of several rows is all of its batch.
  static std::string bytes_of(const at::Tensor& tensor, int64_t i, int64_t samples) {
    const at::Tensor part = (tensor.size(0) == samples ? tensor[i] : tensor).contiguous();
    std::string bytes;
    for (const int64_t size : part.sizes()) bytes += str_format("{} ", size);
    return bytes.append(static_cast<const char*>(part.const_data_ptr()), part.nbytes());
  }

  ModelInput model_;
  DataSettings data_;
};

}  // namespace echelon::data
