#include "parallel/grid.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "parallel/nearest.h"

namespace echelon::parallel {

Grid make_grid(int ranks, int64_t pipeline) {
  if (ranks % pipeline != 0) {
    throw ConfigError(str_format(
        "parallel.pipeline: {} does not divide the {} rank{} of this job; use {}, or start {} ranks",
        pipeline, ranks, ranks == 1 ? "" : "s", join_or(nearest_divisors(ranks, pipeline)),
        join_or(nearest_multiples(pipeline, ranks))));
  }
  return {.pipeline = static_cast<int>(pipeline), .replicas = ranks / static_cast<int>(pipeline)};
}

GridGroups::GridGroups(Grid grid, RankGroup world)
    : grid_(grid), world_(world), replicas_(grid.pipeline == 1 ? world : split(grid.place(world.rank()))) {
  if (grid.pipeline > 1) pipeline_.emplace(grid.replicas == 1 ? world : split(grid.replica(world.rank())));
}

RankGroup GridGroups::split(int color) {
  parts_.push_back(world_.host.split(color, world_.rank()));
  Communicator& host = *parts_.back();
  if (&world_.host == &world_.device) return {host, host};
  parts_.push_back(world_.device.split(color, world_.rank()));
  return {host, *parts_.back()};
}

RankGroup GridGroups::at_places(const std::vector<int>& places) {
  return split(std::ranges::count(places, place()) > 0 ? 0 : 1);
}

void GridGroups::abort(const std::string& reason) {
  for (const auto& part : parts_) part->abort(reason);
}

void GridGroups::finalize() {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) (*part)->finalize();
}

}  // namespace echelon::parallel
