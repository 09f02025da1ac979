// How the ranks of a job are divided among pipelines: replicas × pipeline ranks.
//
// The ranks that hold the same part of the model in different replicas are neighbours, because they exchange
// most (gradients); so rank = place in the pipeline · replicas + replica. This is Megatron-LM's order
// (2104.04473, section 3): data-parallel groups within nodes, pipelines across.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parallel/rank_group.h"

namespace echelon::parallel {

struct Grid {
  int pipeline = 1;  ///< ranks that a model is spread over
  int replicas = 1;  ///< copies of the model

  int ranks() const { return pipeline * replicas; }
  int place(int rank) const { return rank / replicas; }  ///< in its pipeline
  int replica(int rank) const { return rank % replicas; }
  int rank(int place, int replica) const { return place * replicas + replica; }
};

/// Throws ConfigError with the nearest valid numbers when `pipeline` does not divide the ranks.
Grid make_grid(int ranks, int64_t pipeline);

/// The communicators of a rank within its grid. Those it is given must outlive this object.
class GridGroups {
 public:
  /// Collective.
  GridGroups(Grid grid, RankGroup world);

  const Grid& grid() const { return grid_; }
  int place() const { return grid_.place(world_.rank()); }
  int replica() const { return grid_.replica(world_.rank()); }

  RankGroup world() const { return world_; }
  /// The ranks with the same part of the model, in order of their replicas.
  RankGroup replicas() const { return replicas_; }
  /// The ranks of this rank's replica, in order of their places. Only where a pipeline has several.
  RankGroup pipeline() const { return pipeline_.value(); }
  /// The ranks at `places`, of all replicas, in the order of the world. Collective over all ranks of the
  /// grid, all of which give the same places; to be used by those ranks alone. Lives as long as this object.
  RankGroup at_places(const std::vector<int>& places);

  /// Tells every rank that this one has failed.
  void abort(const std::string& reason);
  /// Collective; before the world's.
  void finalize();

 private:
  RankGroup split(int color);

  Grid grid_;
  RankGroup world_;
  std::vector<std::unique_ptr<Communicator>> parts_;
  RankGroup replicas_;
  std::optional<RankGroup> pipeline_;
};

}  // namespace echelon::parallel
