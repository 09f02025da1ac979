// Which layers make which stage of a pipeline: contiguous ranges, such that the slowest stage is as fast as
// can be and every rank has room for what it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace echelon::schedule {

/// What a layer costs the stage that it is in.
struct LayerLoad {
  std::string name;
  double seconds = 0;            ///< forward and backward of a micro-batch
  int64_t fixed_bytes = 0;       ///< parameters, gradients, optimizer state
  int64_t activation_bytes = 0;  ///< kept from forward to backward, of a micro-batch
  double send_seconds = 0;       ///< to carry the boundary before it: activations on, gradients back
};

struct StagePlace {
  int rank = 0;       ///< from 0; a rank may hold several stages
  int in_flight = 1;  ///< micro-batches whose activations the stage holds at most
};

/// The first layer of each stage, ascending from 0; every stage has a layer at least. A stage takes as long
/// as its layers together, and needs their fixed bytes and `in_flight` times their activation bytes; the
/// stages of a rank together need at most `bytes_per_rank`, where it is given. Of these splits it is the one
///  - whose slowest stage is the fastest (to a billionth),
///  - of those, the one that takes the least time to send,
///  - of those, the one that cuts earlier where they first differ.
///
/// By dynamic programming over (stage, first layer), O(stages · layers²), and exact, where every rank holds
/// one stage, or where the best split without a limit fits. Else the memory of a rank ties stages together
/// that are not neighbours, and the split is searched for: for a bound on the slowest stage, found by
/// bisection, the same programming minimises the bytes of all ranks, each with a weight that grows with what
/// the rank had in the rounds before (multiplicative weights: Plotkin, Shmoys and Tardos, 1995), and cuts are
/// moved one at a time. What it finds fits; there may be a faster split, or one that sends less.
///
/// Throws ConfigError when there are more stages than layers, or no split that fits was found; the message
/// says what the best one needs, where, and what to change.
std::vector<size_t> partition(std::span<const LayerLoad> layers, std::span<const StagePlace> stages,
                              std::optional<int64_t> bytes_per_rank = std::nullopt);

/// The user's split, `first_names` being the first layer of each of `stages` stages, as indices into
/// `layer_names`. Throws ConfigError, naming the layer, when a name is unknown (with the nearest), repeated
/// or out of order, when the first is not the model's first layer, or when the number is not that of the
/// stages.
std::vector<size_t> first_layers(std::span<const std::string> layer_names,
                                 std::span<const std::string> first_names, size_t stages);

/// One past the last layer of a stage.
inline size_t end_of_stage(std::span<const size_t> first_layers, size_t stage, size_t layers) {
  return stage + 1 < first_layers.size() ? first_layers[stage + 1] : layers;
}

}  // namespace echelon::schedule
