// The parts of verify(): each adds the problems of its kind. A check may rely on what the ones above it find.
#pragma once

#include <vector>

#include "schedule/places.h"
#include "schedule/verify.h"

namespace echelon::schedule {

constexpr size_t kMostProblems = 100;

struct Examination {
  const Schedule& schedule;
  const VerifyOptions& options;
  const Places places;
  std::vector<Problem> problems;

  bool full() const { return problems.size() >= kMostProblems; }
  /// A problem with the action at a place.
  void add(const Place& place, std::string reason);
  /// A problem with an action that is not there.
  void add_missing(int rank, const Action& action, std::string reason);
};

/// Micro-batches, stages and ranks are in range, and every rank holds a stage.
void check_numbers(Examination& examination);
/// Every stage's actions are on its rank; each micro-batch has one forward and one backward, whole or in
/// halves.
void check_computation(Examination& examination);
/// One reduction a stage or none at all, before its last backward; the step is last.
void check_reductions_and_steps(Examination& examination);
/// Forward before backward, input half before weight half, neighbours on the same rank one after the other.
void check_order(Examination& examination);
/// Each message that is needed, and no other, is sent and received once, in its place.
void check_messages(Examination& examination);
/// On each channel, receives stand in the order of the sends.
void check_message_order(Examination& examination);

}  // namespace echelon::schedule
