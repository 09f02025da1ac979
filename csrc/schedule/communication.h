// Sends, receives, reductions and the optimizer's step, for lists that hold compute actions only.
#pragma once

#include "schedule/action.h"

namespace echelon::schedule {

/// The schedule with what it lacks:
///
/// Sends and receives, where it has none at all. A send stands directly after the action that makes what it
/// sends. A receive is posted before the compute action that consumes the receive before it, the first at the
/// start: one message is under way while the rank computes. On each channel, receives stand in the order of
/// the sends. A receive that would be posted after its message was sent, at equal times of all forwards and
/// halves of backward, is posted earlier: lists whose compute actions can be run at all pass verify() with
/// one send buffer and more.
///
/// kReduce, where it has none at all: directly before the last kBackward or kBackwardWeight of each stage.
///
/// kStep at the end of each rank that has none.
///
/// The stages and micro-batches that the actions name must be in range; what else is wrong is left for
/// verify() to tell.
Schedule with_communication(const Schedule& schedule);

}  // namespace echelon::schedule
