#include "train/scoring/worst_samples.h"

#include <algorithm>

#include "train/scoring/exchange.h"

namespace echelon::train {
namespace {

bool is_worse(const SampleLoss& a, const SampleLoss& b) {
  return a.loss > b.loss || (a.loss == b.loss && a.index < b.index);
}

}  // namespace

void WorstSamples::add(const SampleLoss& sample) {
  if (kept_.size() == kKept && !is_worse(sample, kept_.front())) return;
  kept_.push_back(sample);
  std::ranges::push_heap(kept_, is_worse);
  if (kept_.size() <= kKept) return;
  std::ranges::pop_heap(kept_, is_worse);
  kept_.pop_back();
}

std::vector<WorstSample> WorstSamples::gather(Communicator& comm) const {
  std::vector<SampleLoss> all = gather_values(comm, kept_, "worst samples");
  std::ranges::sort(all, is_worse);
  all.resize(std::min(all.size(), kKept));
  std::vector<WorstSample> worst;
  for (const SampleLoss& sample : all) {
    worst.push_back({.index = sample.index,
                     .loss = sample.loss,
                     .truth = sample.truth,
                     .predicted = sample.predicted,
                     .probability = sample.probability,
                     .true_probability = sample.true_probability});
  }
  return worst;
}

}  // namespace echelon::train
