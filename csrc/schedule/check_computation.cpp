#include "common/format.h"
#include "schedule/checks.h"

namespace echelon::schedule {
namespace {

/// Each place after the first of an action that may stand once.
void check_repeats(Examination& examination, const Action& action) {
  const std::vector<Place>& places = examination.places.of(action);
  for (size_t i = 1; i < places.size(); ++i) {
    examination.add(places[i],
                    str_format("stands a second time; it is action {} already", places.front().index));
  }
}

/// Forward and backward of one micro-batch on one stage.
void check_pass(Examination& examination, int stage, int micro_batch) {
  const int rank = examination.schedule.rank_of_stage[stage];
  const Action forward{ActionKind::kForward, stage, micro_batch};
  const Action whole{ActionKind::kBackward, stage, micro_batch};
  const Action input{ActionKind::kBackwardInput, stage, micro_batch};
  const Action weight{ActionKind::kBackwardWeight, stage, micro_batch};
  const auto has = [&](const Action& action) { return examination.places.has(action); };

  for (const Action& action : {forward, whole, input, weight}) check_repeats(examination, action);
  if (!has(forward)) examination.add_missing(rank, forward, "is missing");
  if (!has(whole) && !has(input) && !has(weight)) {
    examination.add_missing(rank, whole, "is missing, or its halves");
  } else if (!has(whole) && !has(input)) {
    examination.add_missing(rank, input, str_format("is missing; {} is there", to_string(weight)));
  } else if (!has(whole) && !has(weight)) {
    examination.add_missing(rank, weight, str_format("is missing; {} is there", to_string(input)));
  } else if (has(whole) && (has(input) || has(weight))) {
    examination.add(examination.places.of(has(input) ? input : weight).front(),
                    str_format("is a half of {}, which is there as a whole", to_string(whole)));
  }
}

void check_split(Examination& examination, const Place& place, const Action& action) {
  const std::vector<bool>& may_split = examination.options.may_split;
  const bool half = action.kind == ActionKind::kBackwardInput || action.kind == ActionKind::kBackwardWeight;
  if (half && action.stage < static_cast<int>(may_split.size()) && !may_split[action.stage]) {
    examination.add(place, str_format("backward of stage {} cannot be split; use {}", action.stage,
                                      to_string({ActionKind::kBackward, action.stage, action.micro_batch})));
  }
}

}  // namespace

void check_numbers(Examination& examination) {
  const Schedule& schedule = examination.schedule;
  if (schedule.micro_batches < 1)
    examination.problems.push_back({Action::kNone, Action::kNone, "", "there is no micro-batch"});
  for (int stage = 0; stage < schedule.stages(); ++stage) {
    const int rank = schedule.rank_of_stage[stage];
    if (rank < 0 || rank >= schedule.rank_count()) {
      examination.problems.push_back(
          {Action::kNone, Action::kNone, "", str_format("stage {} is on no rank", stage)});
    }
  }
  for (int rank = 0; rank < schedule.rank_count(); ++rank) {
    if (!schedule.stages_of(rank).empty()) continue;
    examination.problems.push_back({rank, Action::kNone, "", "holds no stage; use fewer ranks"});
  }
  for_each_action(schedule, [&](const Place& place, const Action& action) {
    const bool has_stage = action.kind != ActionKind::kStep;
    const bool has_micro_batch = has_stage && action.kind != ActionKind::kReduce;
    if (has_stage && (action.stage < 0 || action.stage >= schedule.stages())) {
      examination.add(place, str_format("there are only {} stages, counted from 0", schedule.stages()));
    }
    if (has_micro_batch && (action.micro_batch < 0 || action.micro_batch >= schedule.micro_batches)) {
      examination.add(place,
                      str_format("there are only {} micro-batches, counted from 0", schedule.micro_batches));
    }
  });
}

void check_computation(Examination& examination) {
  const Schedule& schedule = examination.schedule;
  for_each_action(schedule, [&](const Place& place, const Action& action) {
    if (action.kind == ActionKind::kStep) return;
    const int owner = schedule.rank_of_stage[action.stage];
    if (owner != place.rank) {
      examination.add(
          place, str_format("stage {} is on rank {}, and a stage is on one rank only", action.stage, owner));
    }
    check_split(examination, place, action);
  });
  for (int stage = 0; stage < schedule.stages(); ++stage) {
    for (int micro_batch = 0; micro_batch < schedule.micro_batches && !examination.full(); ++micro_batch) {
      check_pass(examination, stage, micro_batch);
    }
  }
}

void check_reductions_and_steps(Examination& examination) {
  const Schedule& schedule = examination.schedule;
  std::vector<int> backwards_left(schedule.stages(), 0);
  bool reduces = false;
  for_each_action(schedule, [&](const Place&, const Action& action) {
    if (is_weight_backward(action.kind)) ++backwards_left[action.stage];
    reduces |= action.kind == ActionKind::kReduce;
  });
  for_each_action(schedule, [&](const Place& place, const Action& action) {
    if (is_weight_backward(action.kind)) --backwards_left[action.stage];
    if (action.kind != ActionKind::kReduce || backwards_left[action.stage] == 1) return;
    examination.add(
        place,
        str_format(
            "must stand before the last backward of stage {} and behind all others; {} are still to come",
            action.stage, backwards_left[action.stage]));
  });
  for (int stage = 0; stage < schedule.stages(); ++stage) {
    const Action reduce{ActionKind::kReduce, stage};
    check_repeats(examination, reduce);
    if (reduces && !examination.places.has(reduce)) {
      examination.add_missing(schedule.rank_of_stage[stage], reduce,
                              "is missing, while other stages have theirs");
    }
  }
  for (int rank = 0; rank < schedule.rank_count(); ++rank) {
    const std::vector<Action>& actions = schedule.ranks[rank];
    for (size_t i = 0; i + 1 < actions.size(); ++i) {
      if (actions[i].kind == ActionKind::kStep) {
        examination.add({rank, static_cast<int>(i)}, "must be the last action of its rank");
      }
    }
    if (actions.empty() || actions.back().kind != ActionKind::kStep) {
      examination.add_missing(rank, {ActionKind::kStep}, "is missing at the end");
    }
  }
}

}  // namespace echelon::schedule
