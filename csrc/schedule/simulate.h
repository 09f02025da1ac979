// How long one step of a schedule takes and what memory it needs, from the costs of its stages.
//
// The ranks of the pipeline execute their lists as action.h says. A message travels from when it is sent and
// its receive is posted, one at a time a channel. A rank that sends waits while more than `send_buffers` of
// its messages on the channel are still travelling. The reduction of a stage (kReduce) starts when its last
// backward is over and runs in the background, one at a time a rank; kStep waits for all of its rank.
#pragma once

#include <vector>

#include "schedule/action.h"

namespace echelon::schedule {

/// Of one micro-batch on one stage; seconds and bytes.
struct StageCosts {
  double forward = 0;
  double input = 0;             ///< kBackwardInput; kBackward takes input + weight
  double weight = 0;            ///< kBackwardWeight
  double send_activations = 0;  ///< from this stage to the next
  double send_gradients = 0;    ///< from this stage to the one before
  double reduce = 0;            ///< of all gradients of the stage, once a step
  double activation_bytes = 0;  ///< held from forward to the end of the backward of the input
  double deferred_bytes = 0;    ///< held from kBackwardInput to the end of kBackwardWeight
};

struct Costs {
  std::vector<StageCosts> stages;
  std::vector<double> step;  ///< kStep by rank; empty: 0
};

/// Every stage alike, all else 0.
Costs equal_costs(int stages, double forward, double input, double weight);

struct SimulateOptions {
  int send_buffers = 2;
  /// Processor cores that the ranks of one node share: n ranks that compute at once do so at rate
  /// min(1, cores / n) each. 0: no rank slows another.
  double cores_per_node = 0;
  std::vector<int> node_of_rank;  ///< empty: all on one node
};

/// When an action ran. Sends last until the message has arrived, receives from being posted until then; the
/// span of kReduce is that of the reduction.
struct Span {
  Action action;
  double start = 0;
  double end = 0;
};

struct RankUse {
  double busy = 0;       ///< seconds in compute actions
  double bubble = 0;     ///< seconds idle between its first and its last compute action
  double step_idle = 0;  ///< seconds idle between the first and the last compute action of all ranks
  double peak_activation_bytes = 0;
  double peak_deferred_bytes = 0;
  double peak_bytes = 0;  ///< of both together
};

struct Timeline {
  std::vector<std::vector<Span>> ranks;  ///< as the schedule's lists, action by action
  std::vector<RankUse> use;
  double seconds = 0;  ///< the whole step, to the end of the last action

  /// Idle share of the rank that idles most, as the bubble rate of the zero-bubble paper (2401.10241): the
  /// step takes as long as the slowest rank, from its first to its last action.
  double bubble_rate() const;
  /// Idle share of all ranks, each from its first to its last compute action.
  double mean_bubble_rate() const;
  /// Idle share of all ranks, from the first compute action of any to the last.
  double step_idle_rate() const;
};

/// `schedule` must pass verify() with as many send buffers. Throws ConfigError when costs are missing or the
/// ranks wait for each other.
Timeline simulate(const Schedule& schedule, const Costs& costs, const SimulateOptions& options = {});

}  // namespace echelon::schedule
