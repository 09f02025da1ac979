// Which messages a schedule's compute actions need: between neighbouring stages on different ranks.
#pragma once

#include <optional>

#include "schedule/action.h"

namespace echelon::schedule {

/// Channels are numbered: 2 b for activations from stage b to b + 1, 2 b + 1 for gradients from stage b + 1
/// to b.
int channel_count(const Schedule& schedule);

/// The channel of a send or receive, which may lie outside [0, channel_count) when the stage has no such
/// neighbour.
int channel_of(const Action& message);

/// The receive of a send, the send of a receive.
Action counterpart(const Action& message);

/// The stage that a compute action waits for; nothing for the first stage's forward, the last stage's
/// backward and weight halves.
std::optional<int> awaited_stage(const Schedule& schedule, const Action& compute);

/// The receive that a compute action consumes; nothing when it waits for no stage or for one on the same
/// rank.
std::optional<Action> needed_receive(const Schedule& schedule, const Action& compute);

/// The send of what a compute action made; nothing when no stage, or one on the same rank, waits for it.
std::optional<Action> needed_send(const Schedule& schedule, const Action& compute);

}  // namespace echelon::schedule
