#include "plan/measure.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <future>

#include "common/clock.h"
#include "common/processor.h"
#include "nn/memory_pool.h"

namespace echelon::plan {
namespace {

/// The results of `run` on as many threads at the same time.
template <class Run>
auto run_at_once(int count, const Run& run) {
  std::vector<std::future<decltype(run())>> futures;
  for (int i = 0; i < count; ++i) futures.push_back(std::async(std::launch::async, run));
  std::vector<decltype(run())> results;
  for (auto& future : futures) results.push_back(future.get());
  return results;
}

/// Read and written, of copies that do not fit into caches.
double copied_bytes_per_second() {
  constexpr int64_t kElements = 16 << 20;
  constexpr int kRepetitions = 5;
  const at::Tensor from = at::ones({kElements}, at::kFloat), to = at::empty_like(from);
  to.copy_(from);
  const Stopwatch watch;
  for (int i = 0; i < kRepetitions; ++i) to.copy_(from);
  return 2.0 * kRepetitions * static_cast<double>(from.nbytes()) / watch.seconds();
}

}  // namespace

double Crowd::at_full_speed() const {
  return std::max(1.0, cores / threads);
}

int Crowd::at_once() const {
  return std::clamp(static_cast<int>(at_full_speed()), 1, ranks);
}

Crowd crowd_of_this_machine(int ranks, std::optional<int64_t> threads) {
  const double cores = std::min(static_cast<double>(count_cores(allowed_processors())), core_quota());
  return {ranks, threads ? static_cast<int>(*threads) : default_threads(ranks, ranks), cores};
}

parallel::ModelCosts measure_in_crowd(const Crowd& crowd, const nn::ModelSpec& spec,
                                      const train::SampleBatch& batch, const parallel::CostOptions& options,
                                      int repetitions) {
  nn::install_memory_pool();
  at::set_num_threads(crowd.threads);
  const auto measured = run_at_once(crowd.at_once(), [&] {
    return parallel::measure_costs(spec, batch.inputs, batch.targets, options, repetitions);
  });
  parallel::ModelCosts costs = measured.front();
  for (size_t i = 0; i < costs.layers.size(); ++i) {
    const auto mean = [&](double parallel::LayerCost::*seconds) {
      double sum = 0;
      for (const parallel::ModelCosts& one : measured) sum += one.layers[i].*seconds;
      costs.layers[i].*seconds = sum / static_cast<double>(measured.size());
    };
    mean(&parallel::LayerCost::forward_seconds);
    mean(&parallel::LayerCost::input_seconds);
    mean(&parallel::LayerCost::weight_seconds);
  }
  return costs;
}

void measure_memory(const Crowd& crowd, parallel::Hardware& hardware) {
  constexpr double kTrafficOfAMessage = 4;  // two copies, each read and written
  nn::install_memory_pool();
  at::set_num_threads(crowd.threads);
  double sum = 0;
  const auto rates = run_at_once(crowd.at_once(), copied_bytes_per_second);
  for (const double rate : rates) sum += rate;
  hardware.memory_bytes_per_second = sum / static_cast<double>(rates.size());
  hardware.node.bytes_per_second = hardware.network.bytes_per_second =
      hardware.memory_bytes_per_second / kTrafficOfAMessage;
}

}  // namespace echelon::plan
