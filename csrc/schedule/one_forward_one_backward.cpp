#include <algorithm>

#include "schedule/generators.h"

namespace echelon::schedule {
namespace {

/// Sizes of the groups in which the micro-batches pass: as equal as possible, none below `ranks` where there
/// are so many, the larger first (a later group that is larger would need forwards that the rank has not done
/// yet).
std::vector<int> group_sizes(const PipelineShape& shape) {
  const int groups = std::max(1, shape.micro_batches / shape.ranks);
  std::vector<int> sizes(groups, shape.micro_batches / groups);
  for (int i = 0; i < shape.micro_batches % groups; ++i) ++sizes[i];
  return sizes;
}

/// All of one kind on the rank, in order: per group each chunk, per chunk each micro-batch of the group;
/// backward takes the chunks from the last.
std::vector<Action> passes(ActionKind kind, const PipelineShape& shape, int rank) {
  std::vector<Action> actions;
  int first = 0;
  for (const int size : group_sizes(shape)) {
    for (int i = 0; i < shape.chunks; ++i) {
      const int chunk = kind == ActionKind::kForward ? i : shape.chunks - 1 - i;
      for (int j = 0; j < size; ++j) actions.push_back({kind, chunk * shape.ranks + rank, first + j});
    }
    first += size;
  }
  return actions;
}

}  // namespace

std::vector<Action> gpipe(const PipelineShape& shape, int rank) {
  std::vector<Action> actions = passes(ActionKind::kForward, shape, rank);
  const std::vector<Action> backwards = passes(ActionKind::kBackward, shape, rank);
  actions.insert(actions.end(), backwards.begin(), backwards.end());
  return actions;
}

std::vector<Action> interleaved(const PipelineShape& shape, int rank) {
  const std::vector<Action> forwards = passes(ActionKind::kForward, shape, rank);
  const std::vector<Action> backwards = passes(ActionKind::kBackward, shape, rank);
  const size_t below = shape.ranks - rank - 1;
  const size_t warmup =
      shape.chunks == 1 ? below : static_cast<size_t>(shape.chunks - 1) * group_sizes(shape)[0] + 2 * below;

  std::vector<Action> actions(forwards.begin(), forwards.begin() + std::min(warmup, forwards.size()));
  for (size_t i = 0; i < backwards.size(); ++i) {
    if (warmup + i < forwards.size()) actions.push_back(forwards[warmup + i]);
    actions.push_back(backwards[i]);
  }
  return actions;
}

}  // namespace echelon::schedule
