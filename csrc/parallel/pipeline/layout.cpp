#include "parallel/pipeline/layout.h"

#include <algorithm>
#include <map>
#include <set>

#include "schedule/partition.h"

namespace echelon::parallel {

int stage_of_layer(const PipelineLayout& layout, size_t layer) {
  const auto next = std::ranges::upper_bound(layout.first_layers, layer);
  return static_cast<int>(next - layout.first_layers.begin()) - 1;
}

std::vector<nn::LayerRange> parts_of(const PipelineLayout& layout, int place, size_t layers) {
  std::vector<nn::LayerRange> parts;
  for (size_t stage = 0; stage < layout.first_layers.size(); ++stage) {
    if (layout.schedule.rank_of_stage[stage] != place) continue;
    parts.push_back({layout.first_layers[stage], schedule::end_of_stage(layout.first_layers, stage, layers)});
  }
  return parts;
}

std::vector<SharedParameters> shared_parameters(const nn::ModelSpec& spec, const PipelineLayout& layout) {
  std::vector<std::string> owners;
  std::map<std::string, std::set<int>> stages;
  for (const nn::Tie& tie : spec.ties) {
    if (!stages.contains(tie.owner)) owners.push_back(tie.owner);
    for (const std::string& tensor : {tie.owner, tie.alias})
      stages[tie.owner].insert(stage_of_layer(layout, nn::layer_of_tensor(spec, tensor)));
  }
  std::map<std::vector<int>, std::vector<std::string>> by_places;
  for (const std::string& owner : owners) {
    if (stages[owner].size() == 1) continue;
    std::set<int> places;
    for (const int stage : stages[owner]) places.insert(layout.place_of(stage));
    by_places[{places.begin(), places.end()}].push_back(owner);
  }
  std::vector<SharedParameters> shared;
  for (auto& [places, names] : by_places) shared.push_back({places, std::move(names)});
  return shared;
}

}  // namespace echelon::parallel
