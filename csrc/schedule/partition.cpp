#include "schedule/partition.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "common/error.h"
#include "common/format.h"

namespace echelon::schedule {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kEqual = 1 + 1e-9;
constexpr int kSearchRounds = 50;

using Split = std::vector<size_t>;  // first layer of each stage

/// The split of `layers` layers into `stages` stages with the least cost: cost(stage, first, last) of each
/// stage, combined from the last to the first. kNever forbids a stage. Of equal ones it cuts earliest. Empty
/// when there is none.
template <class Cost, class Combine>
Split best_split(size_t stages, size_t layers, const Cost& cost, const Combine& combine) {
  // The best of stages [s, stages) over layers [i, layers), and the end of stage s in it.
  std::vector<std::vector<double>> best(stages + 1, std::vector<double>(layers + 1, kNever));
  std::vector<std::vector<size_t>> end(stages, std::vector<size_t>(layers + 1, layers));
  best[stages][layers] = 0;
  for (size_t s = stages; s-- > 0;) {
    for (size_t i = s; i < layers; ++i) {
      for (size_t j = i + 1; j + (stages - s - 1) <= layers; ++j) {
        if (best[s + 1][j] == kNever) continue;
        const double total = combine(cost(s, i, j), best[s + 1][j]);
        if (total < best[s][i]) {
          best[s][i] = total;
          end[s][i] = j;
        }
      }
    }
  }
  if (best[0][0] == kNever) return {};
  Split split{0};
  for (size_t s = 0; s + 1 < stages; ++s) split.push_back(end[s][split.back()]);
  return split;
}

double larger(double a, double b) {
  return std::max(a, b);
}

class Partitioner {
 public:
  Partitioner(std::span<const LayerLoad> layers, std::span<const StagePlace> stages,
              std::optional<int64_t> bytes_per_rank)
      : layers_(layers), stages_(stages), limit_(bytes_per_rank) {
    for (const StagePlace& stage : stages) ranks_ = std::max(ranks_, stage.rank + size_t{1});
    for (const LayerLoad& layer : layers) {
      seconds_.push_back(seconds_.back() + layer.seconds);
      fixed_.push_back(fixed_.back() + layer.fixed_bytes);
      activations_.push_back(activations_.back() + layer.activation_bytes);
    }
  }

  Split run() const {
    const auto any = [](size_t, size_t, size_t) { return true; };
    const auto fitting = [&](size_t s, size_t i, size_t j) { return bytes(s, i, j) <= *limit_; };
    if (!limit_) return quickest(any);
    const Split split = ranks_hold_one_stage() ? quickest(fitting) : search(quickest(any));
    if (split.empty() || fullest_rank(split) > *limit_) refuse();
    return split;
  }

 private:
  double seconds(size_t first, size_t last) const { return seconds_[last] - seconds_[first]; }
  int64_t fixed(size_t first, size_t last) const { return fixed_[last] - fixed_[first]; }
  int64_t activations(size_t first, size_t last) const { return activations_[last] - activations_[first]; }
  int64_t bytes(size_t stage, size_t first, size_t last) const {
    return fixed(first, last) + stages_[stage].in_flight * activations(first, last);
  }
  size_t end_of(const Split& split, size_t stage) const {
    return stage + 1 < split.size() ? split[stage + 1] : layers_.size();
  }

  template <class Cost, class Combine>
  Split best(const Cost& cost, const Combine& combine) const {
    return best_split(stages_.size(), layers_.size(), cost, combine);
  }

  double slowest(const Split& split) const {
    double slowest = 0;
    for (size_t s = 0; s < split.size(); ++s)
      slowest = std::max(slowest, seconds(split[s], end_of(split, s)));
    return slowest;
  }

  std::vector<int64_t> bytes_of_ranks(const Split& split) const {
    std::vector<int64_t> needs(ranks_);
    for (size_t s = 0; s < split.size(); ++s) needs[stages_[s].rank] += bytes(s, split[s], end_of(split, s));
    return needs;
  }

  int64_t fullest_rank(const Split& split) const { return std::ranges::max(bytes_of_ranks(split)); }

  /// By how much ranks go beyond the limit, in all.
  int64_t excess(const Split& split) const {
    int64_t excess = 0;
    for (const int64_t need : bytes_of_ranks(split)) excess += std::max<int64_t>(need - *limit_, 0);
    return excess;
  }

  bool ranks_hold_one_stage() const {
    std::vector<int> count(ranks_);
    return std::ranges::all_of(stages_, [&](const StagePlace& stage) { return ++count[stage.rank] == 1; });
  }

  /// The optimum over splits whose stages are all allowed.
  template <class Allowed>
  Split quickest(const Allowed& allowed) const {
    const Split split =
        best([&](size_t s, size_t i, size_t j) { return allowed(s, i, j) ? seconds(i, j) : kNever; }, larger);
    if (split.empty()) return split;
    const double bound = slowest(split) * kEqual;
    const auto send = [&](size_t s, size_t i, size_t j) {
      if (seconds(i, j) > bound || !allowed(s, i, j)) return kNever;
      return i > 0 ? layers_[i].send_seconds : 0.0;
    };
    return best(send, std::plus());
  }

  Split search(const Split& unlimited) const;
  Split fit(double bound) const;
  Split move_cuts(Split split, double bound) const;
  [[noreturn]] void refuse() const;
  std::string describe_rank(const Split& split, size_t rank) const;

  std::span<const LayerLoad> layers_;
  std::span<const StagePlace> stages_;
  size_t ranks_ = 0;
  std::optional<int64_t> limit_;
  // Of the layers before each boundary.
  std::vector<double> seconds_{0};
  std::vector<int64_t> fixed_{0}, activations_{0};
};

/// Moves one cut at a time, while that brings ranks nearer to the limit.
Split Partitioner::move_cuts(Split split, double bound) const {
  for (bool better = true; better;) {
    better = false;
    for (size_t s = 1; s < split.size(); ++s) {
      Split moved = split;
      for (moved[s] = split[s - 1] + 1; moved[s] < end_of(split, s); ++moved[s]) {
        const bool quick =
            seconds(moved[s - 1], moved[s]) <= bound && seconds(moved[s], end_of(moved, s)) <= bound;
        if (!quick || excess(moved) >= excess(split)) continue;
        split = moved;
        better = true;
      }
    }
  }
  return split;
}

/// Of the splits that were tried with every stage below `bound`, the one whose fullest rank needs least.
Split Partitioner::fit(double bound) const {
  std::vector<double> weights(ranks_, 1.0);
  Split found;
  for (int round = 0; round < kSearchRounds; ++round) {
    const auto weighted = [&](size_t s, size_t i, size_t j) {
      return seconds(i, j) > bound ? kNever : weights[stages_[s].rank] * static_cast<double>(bytes(s, i, j));
    };
    const Split split = best(weighted, std::plus());
    if (split.empty()) return found;
    const Split moved = move_cuts(split, bound);
    if (found.empty() || fullest_rank(moved) < fullest_rank(found)) found = moved;
    if (fullest_rank(found) <= *limit_) return found;
    const std::vector<int64_t> needs = bytes_of_ranks(split);
    const double step = 1 / std::sqrt(1.0 + round) / static_cast<double>(fullest_rank(split));
    for (size_t rank = 0; rank < ranks_; ++rank)
      weights[rank] *= std::exp(step * static_cast<double>(needs[rank]));
  }
  return found;
}

Split Partitioner::search(const Split& unlimited) const {
  if (fullest_rank(unlimited) <= *limit_) return unlimited;

  std::vector<double> bounds;
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (size_t j = i + 1; j <= layers_.size(); ++j) {
      if (seconds(i, j) >= slowest(unlimited)) bounds.push_back(seconds(i, j) * kEqual);
    }
  }
  std::ranges::sort(bounds);
  Split found;
  for (size_t low = 0, high = bounds.size(); low < high;) {
    const size_t middle = (low + high) / 2;
    const Split split = fit(bounds[middle]);
    if (!split.empty() && fullest_rank(split) <= *limit_) {
      found = split;
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return found;
}

std::string Partitioner::describe_rank(const Split& split, size_t rank) const {
  std::vector<std::string> parts;
  for (size_t s = 0; s < split.size(); ++s) {
    if (static_cast<size_t>(stages_[s].rank) != rank) continue;
    const size_t first = split[s], last = end_of(split, s);
    const std::string names =
        last - first == 1 ? str_format("layer '{}' alone", layers_[first].name)
                          : str_format("layers '{}' to '{}'", layers_[first].name, layers_[last - 1].name);
    parts.push_back(
        str_format("stage {}, {}: {} of parameters, gradients and optimizer state, and activations "
                   "of {} micro-batches of {}",
                   s, names, human_bytes(static_cast<double>(fixed(first, last))), stages_[s].in_flight,
                   human_bytes(static_cast<double>(activations(first, last)))));
  }
  return join(parts, "; ");
}

void Partitioner::refuse() const {
  const auto need = [&](size_t s, size_t i, size_t j) { return static_cast<double>(bytes(s, i, j)); };
  const Split split = ranks_hold_one_stage() ? best(need, larger) : fit(kNever);
  const std::vector<int64_t> needs = bytes_of_ranks(split);
  const size_t fullest = std::ranges::max_element(needs) - needs.begin();
  throw ConfigError(str_format(
      "parallel.pipeline: no split of {} layers into {} stages was found that fits into {} a rank. "
      "The leanest needs {} on rank {} ({}). Use {}parallel.recompute, parallel.shard_optimizer or a smaller "
      "micro-batch",
      layers_.size(), stages_.size(), human_bytes(static_cast<double>(*limit_)),
      human_bytes(static_cast<double>(needs[fullest])), fullest, describe_rank(split, fullest),
      stages_.size() < layers_.size() ? "more ranks for the pipeline, " : ""));
}

}  // namespace

std::vector<size_t> partition(std::span<const LayerLoad> layers, std::span<const StagePlace> stages,
                              std::optional<int64_t> bytes_per_rank) {
  if (stages.empty()) throw InternalError("a model is to be split into no stages");
  if (stages.size() > layers.size()) {
    throw ConfigError(
        str_format("parallel.pipeline: {} stages need as many layers, the model has {}; use at most {}",
                   stages.size(), layers.size(), layers.size()));
  }
  return Partitioner(layers, stages, bytes_per_rank).run();
}

std::vector<size_t> first_layers(std::span<const std::string> layer_names,
                                 std::span<const std::string> first_names, size_t stages) {
  if (first_names.size() != stages) {
    throw ConfigError(
        str_format("parallel.split: number of first layers that are named: {}, of stages: {}; name the first "
                   "layer of each",
                   first_names.size(), stages));
  }
  std::vector<size_t> split;
  for (const std::string& name : first_names) {
    const size_t layer = std::ranges::find(layer_names, name) - layer_names.begin();
    if (layer == layer_names.size()) {
      const std::string nearest = nearest_name(name, layer_names);
      throw ConfigError(str_format("parallel.split: the model has no layer '{}'; {}", name,
                                   nearest.empty() ? str_format("its layers are {}", join(layer_names))
                                                   : str_format("did you mean '{}'?", nearest)));
    }
    if (split.empty() && layer != 0) {
      throw ConfigError(str_format(
          "parallel.split: starts with '{}', so the layers before it are on no stage; start with '{}'", name,
          layer_names[0]));
    }
    if (std::ranges::find(split, layer) != split.end()) {
      throw ConfigError(str_format("parallel.split: '{}' stands twice; name each first layer once", name));
    }
    if (!split.empty() && layer < split.back()) {
      throw ConfigError(str_format(
          "parallel.split: '{}' stands after '{}', but comes before it in the model; keep the model's order",
          name, layer_names[split.back()]));
    }
    split.push_back(layer);
  }
  return split;
}

}  // namespace echelon::schedule
