#include "schedule/make_schedule.h"

#include <algorithm>
#include <array>

#include "common/error.h"
#include "common/format.h"
#include "schedule/generators.h"

namespace echelon::schedule {
namespace {

/// Which rank holds which stages.
enum class Placement { kLoop, kTurn };

struct Generator {
  std::string_view name;
  std::vector<Action> (*actions)(const PipelineShape&, int rank);
  Placement placement;
  int chunks;  ///< 0: any
  bool splits_backward;
};

constexpr std::array<Generator, 5> kGenerators{{
    {"gpipe", gpipe, Placement::kLoop, 1, false},
    {"1f1b", interleaved, Placement::kLoop, 1, false},
    {"interleaved", interleaved, Placement::kLoop, 0, false},
    {"zb_h1", zero_bubble_h1, Placement::kLoop, 1, true},
    {"zb_v", zero_bubble_v, Placement::kTurn, 2, true},
}};

const Generator& find_generator(std::string_view name) {
  const auto* found = std::find_if(kGenerators.begin(), kGenerators.end(),
                                   [&](const Generator& generator) { return generator.name == name; });
  if (found == kGenerators.end()) {
    throw ConfigError(str_format("there is no pipeline schedule '{}'; use {}", name, join_or(names())));
  }
  return *found;
}

void require_positive(std::string_view name, std::string_view what, int value) {
  if (value >= 1) return;
  throw ConfigError(str_format("schedule {} needs at least 1 {}, has {}; use 1", name, what, value));
}

std::vector<int> place_stages(Placement placement, const PipelineShape& shape) {
  std::vector<int> rank_of_stage;
  for (int chunk = 0; chunk < shape.chunks; ++chunk) {
    const bool back = placement == Placement::kTurn && chunk % 2 == 1;
    for (int i = 0; i < shape.ranks; ++i) rank_of_stage.push_back(back ? shape.ranks - 1 - i : i);
  }
  return rank_of_stage;
}

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Generator& generator : kGenerators) all.emplace_back(generator.name);
  return all;
}

bool splits_backward(std::string_view name) {
  return find_generator(name).splits_backward;
}

int chunks_of(std::string_view name, int chunks) {
  const int fixed = find_generator(name).chunks;
  return fixed == 0 ? chunks : fixed;
}

Schedule make_schedule(std::string_view name, int ranks, int micro_batches, int chunks) {
  const Generator& generator = find_generator(name);
  const PipelineShape shape{ranks, micro_batches, chunks_of(name, chunks)};
  require_positive(name, "rank", shape.ranks);
  require_positive(name, "micro-batch", shape.micro_batches);
  require_positive(name, "chunk a rank", shape.chunks);

  Schedule schedule{std::string(name), micro_batches, place_stages(generator.placement, shape), {}};
  for (int rank = 0; rank < ranks; ++rank) schedule.ranks.push_back(generator.actions(shape, rank));
  return schedule;
}

}  // namespace echelon::schedule
