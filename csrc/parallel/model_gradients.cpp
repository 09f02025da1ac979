#include "parallel/model_gradients.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "optim/clip.h"

namespace echelon::parallel {
namespace {

/// The parameters of `model` by part, and those of each of `shared` that this rank has.
struct Sorted {
  std::vector<std::vector<nn::NamedParameter>> parts, shared;
};

Sorted sort_parameters(const nn::LayeredModel& model, const std::vector<SharedParameters>& shared) {
  Sorted sorted{std::vector<std::vector<nn::NamedParameter>>(model.parts().size()),
                std::vector<std::vector<nn::NamedParameter>>(shared.size())};
  for (nn::NamedParameter& parameter : model.parameters()) {
    const auto set = std::ranges::find_if(shared, [&](const SharedParameters& candidate) {
      return std::ranges::count(candidate.names, parameter.name) > 0;
    });
    auto& list = set == shared.end() ? sorted.parts[parameter.parts.front()]
                                     : sorted.shared[static_cast<size_t>(set - shared.begin())];
    list.push_back(std::move(parameter));
  }
  // The stages use them in orders of their own; ranks that reduce them together need one order.
  for (size_t i = 0; i < shared.size(); ++i) {
    std::ranges::sort(sorted.shared[i], {}, [&](const nn::NamedParameter& parameter) {
      return std::ranges::find(shared[i].names, parameter.name);
    });
  }
  return sorted;
}

}  // namespace

ModelGradients::ModelGradients(nn::LayeredModel& model, GridGroups& groups, const PipelineLayout& layout,
                               const BucketOptions& options)
    : first_replica_(groups.replica() == 0) {
  const std::vector<SharedParameters> shared = shared_parameters(model.spec(), layout);
  Sorted sorted = sort_parameters(model, shared);
  for (auto& parameters : sorted.parts)
    add_set(std::move(parameters), groups.replicas().device, options, true);
  for (size_t i = 0; i < shared.size(); ++i) {
    const std::vector<int>& places = shared[i].places;
    const RankGroup owners = places.size() == 1 ? groups.replicas() : groups.at_places(places);
    if (sorted.shared[i].empty()) continue;
    add_set(std::move(sorted.shared[i]), owners.device, options, groups.place() == places.front());
  }
}

void ModelGradients::add_set(std::vector<nn::NamedParameter> parameters, Communicator& comm,
                             const BucketOptions& options, bool first_place) {
  Set& set = sets_.emplace_back(std::make_unique<GradientBuckets>(std::move(parameters), comm, options),
                                first_place);
  if (first_place && first_replica_) {
    for (const auto& parameter : set.buckets->parameters()) stored_.insert(parameter.name);
  }
  const bool stored_here = set.buckets->sharded() || (first_place && first_replica_);
  for (OwnedPiece& piece : set.buckets->owned()) {
    const nn::NamedParameter* parameter = &set.buckets->parameters()[piece.parameter];
    owned_.push_back({parameter, std::move(piece), stored_here});
  }
  std::ranges::copy(set.buckets->owned_gradients(), std::back_inserter(owned_gradients_));
}

void ModelGradients::begin_step() {
  for (const Set& set : sets_) set.buckets->begin_step();
  reducing_.clear();
}

void ModelGradients::begin_reduction(size_t part) {
  GradientBuckets* last = reducing_.empty() ? nullptr : reducing_.back();
  reducing_.push_back(sets_[part].buckets.get());
  reducing_.back()->begin_reduction(last);
}

void ModelGradients::finish_reduction() {
  for (size_t i = 0; i < sets_.size(); ++i) {
    if (std::ranges::count(reducing_, sets_[i].buckets.get()) == 0) begin_reduction(i);
  }
  for (GradientBuckets* buckets : reducing_) buckets->finish_reduction();
}

void ModelGradients::finish_without_reduction() {
  for (const Set& set : sets_) set.buckets->finish_without_reduction();
}

double ModelGradients::squared_norm() const {
  std::vector<at::Tensor> counted;
  for (const Set& set : sets_) {
    if (!set.buckets->sharded() && !(set.first_place && first_replica_)) continue;
    std::ranges::copy(set.buckets->owned_gradients(), std::back_inserter(counted));
  }
  if (counted.empty()) return 0;
  const double norm = optim::gradient_norm(counted).item<double>();
  return norm * norm;
}

std::vector<ModelGradients::NamedGradient> ModelGradients::local() const {
  std::vector<NamedGradient> all;
  for (const Set& set : sets_) {
    for (size_t i = 0; i < set.buckets->parameters().size(); ++i)
      all.push_back({&set.buckets->parameters()[i], set.buckets->gradients()[i]});
  }
  return all;
}

void ModelGradients::gather_parameters() {
  for (const Set& set : sets_) set.buckets->gather_parameters();
}

double ModelGradients::seconds_waited() const {
  double seconds = 0;
  for (const Set& set : sets_) seconds += set.buckets->seconds_waited();
  return seconds;
}

}  // namespace echelon::parallel
