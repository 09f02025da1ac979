#include "schedule/verify.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "schedule/checks.h"
#include "schedule/deadlock.h"

namespace echelon::schedule {
namespace {

void add_deadlock(Examination& examination, const std::vector<Blocked>& blocked) {
  const std::string cycle = describe_cycle(blocked);
  for (const Blocked& each : blocked) {
    examination.add({each.rank, each.index}, str_format("deadlock: waits for {} of rank {} ({})",
                                                        to_string(each.waits_for), each.other_rank, cycle));
  }
}

void count(InFlight& now, InFlight& peak, ActionKind kind) {
  if (kind == ActionKind::kForward) {
    ++now.until_input;
    ++now.until_weight;
  }
  if (is_input_backward(kind)) --now.until_input;
  if (is_weight_backward(kind)) --now.until_weight;
  peak.until_input = std::max(peak.until_input, now.until_input);
  peak.until_weight = std::max(peak.until_weight, now.until_weight);
}

void count_in_flight(const Schedule& schedule, Report& report) {
  report.of_rank.resize(schedule.rank_count());
  report.of_stage.resize(schedule.stages());
  std::vector<InFlight> stage_now(schedule.stages());
  for (int rank = 0; rank < schedule.rank_count(); ++rank) {
    InFlight rank_now;
    for (const Action& action : schedule.ranks[rank]) {
      if (!is_compute(action.kind)) continue;
      count(rank_now, report.of_rank[rank], action.kind);
      count(stage_now[action.stage], report.of_stage[action.stage], action.kind);
    }
  }
}

/// The position of an action in the list without communication.
int place_among_computations(const Schedule& schedule, const Problem& problem) {
  if (problem.index == Action::kNone) return problem.index;
  const auto begin = schedule.ranks[problem.rank].begin();
  return static_cast<int>(std::count_if(begin, begin + problem.index,
                                        [](const Action& action) { return is_compute(action.kind); }));
}

}  // namespace

std::string Problem::text() const {
  if (rank == Action::kNone) return reason;
  std::string where = str_format("rank {}", rank);
  if (index != Action::kNone) where += str_format(", action {}", index);
  if (action.empty()) return where + ": " + reason;
  return where + (index == Action::kNone ? ": " + action + " " : " (" + action + "): ") + reason;
}

void Examination::add(const Place& place, std::string reason) {
  const Action& action = schedule.ranks[place.rank][place.index];
  problems.push_back({place.rank, place.index, to_string(action), std::move(reason)});
}

void Examination::add_missing(int rank, const Action& action, std::string reason) {
  problems.push_back({rank, Action::kNone, to_string(action), std::move(reason)});
}

Report verify(const Schedule& schedule, const VerifyOptions& options) {
  Examination examination{schedule, options, Places(schedule), {}};
  using Checks = std::vector<void (*)(Examination&)>;
  for (const Checks& together : {Checks{check_numbers}, Checks{check_computation, check_reductions_and_steps},
                                 Checks{check_order, check_messages}, Checks{check_message_order}}) {
    for (const auto run : together) run(examination);
    if (!examination.problems.empty()) break;
  }

  Report report;
  if (examination.problems.empty()) {
    const std::vector<Blocked> blocked = find_deadlock(schedule, options.send_buffers);
    report.deadlock = !blocked.empty();
    if (report.deadlock) add_deadlock(examination, blocked);
  }
  report.problems = std::move(examination.problems);
  std::stable_sort(report.problems.begin(), report.problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.rank, a.index) < std::pair(b.rank, b.index);
  });
  if (report.problems.size() > kMostProblems) report.problems.resize(kMostProblems);
  if (report.ok()) count_in_flight(schedule, report);
  return report;
}

Report check(const Schedule& schedule, const VerifyOptions& options) {
  constexpr size_t kShown = 5;
  Report report = verify(schedule, options);
  std::vector<Problem>& problems = report.problems;
  if (problems.empty()) return report;
  if (options.written_without_communication) {
    for (Problem& problem : problems) problem.index = place_among_computations(schedule, problem);
  }
  std::string text = str_format("pipeline schedule {} cannot be run:", schedule.name);
  for (size_t i = 0; i < std::min(kShown, problems.size()); ++i) text += "\n  " + problems[i].text();
  if (problems.size() > kShown) text += str_format("\n  and {} more", problems.size() - kShown);
  throw ConfigError(text);
}

}  // namespace echelon::schedule
