#include "schedule/communication.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "schedule/messages.h"
#include "schedule/simulate.h"
#include "schedule/verify.h"

namespace echelon::schedule {
namespace {

bool has_any(const Schedule& schedule, bool (*wanted)(ActionKind)) {
  return std::any_of(schedule.ranks.begin(), schedule.ranks.end(), [&](const auto& actions) {
    return std::any_of(actions.begin(), actions.end(),
                       [&](const Action& action) { return wanted(action.kind); });
  });
}

bool is_message(ActionKind kind) {
  return is_send(kind) || is_receive(kind);
}
bool is_reduce(ActionKind kind) {
  return kind == ActionKind::kReduce;
}

/// Channel and micro-batch.
using Send = std::pair<int, int>;

Send send_of(const Action& send) {
  return {channel_of(send), send.micro_batch};
}

/// Per channel the receives, in the order in which the sender's compute actions make what they receive.
std::vector<std::vector<Action>> receives_by_channel(const Schedule& schedule) {
  std::vector<std::vector<Action>> receives(channel_count(schedule));
  for (const auto& actions : schedule.ranks) {
    for (const Action& action : actions) {
      if (const auto send = needed_send(schedule, action)) {
        receives[channel_of(*send)].push_back(counterpart(*send));
      }
    }
  }
  return receives;
}

/// Writes one rank's list anew, with its messages.
class MessageWriter {
 public:
  MessageWriter(const Schedule& schedule, const std::vector<std::vector<Action>>& receives)
      : schedule_(schedule), receives_(receives), posted_(receives.size(), 0) {
    for (size_t channel = 0; channel < receives.size(); ++channel) {
      for (size_t i = 0; i < receives[channel].size(); ++i)
        number_.emplace(Send{static_cast<int>(channel), receives[channel][i].micro_batch}, i);
    }
  }

  std::vector<Action> write(const std::vector<Action>& actions) {
    std::ranges::fill(posted_, 0);
    std::vector<Action> consumed;
    for (const Action& action : actions) {
      if (const auto receive = needed_receive(schedule_, action)) consumed.push_back(*receive);
    }
    auto next = consumed.begin();
    const auto post_next = [&] {
      if (next != consumed.end()) post(*next++);
    };
    post_next();
    for (const Action& action : actions) {
      if (needed_receive(schedule_, action)) post_next();
      written_.push_back(action);
      if (const auto send = needed_send(schedule_, action)) written_.push_back(*send);
    }
    return std::exchange(written_, {});
  }

 private:
  /// Posts a receive and those that its channel delivers before it.
  void post(const Action& receive) {
    const std::vector<Action>& arriving = receives_[channel_of(receive)];
    size_t& posted = posted_[channel_of(receive)];
    const auto found = number_.find({channel_of(receive), receive.micro_batch});
    if (found == number_.end()) {
      written_.push_back(receive);
      return;
    }
    for (; posted <= found->second; ++posted) written_.push_back(arriving[posted]);
  }

  const Schedule& schedule_;
  const std::vector<std::vector<Action>>& receives_;
  std::map<Send, size_t> number_;  // of each micro-batch's receive on its channel
  std::vector<size_t> posted_;
  std::vector<Action> written_;
};

void add_messages(Schedule& schedule) {
  const auto receives = receives_by_channel(schedule);
  MessageWriter writer(schedule, receives);
  for (auto& actions : schedule.ranks) actions = writer.write(actions);
}

void add_reductions(std::vector<Action>& actions) {
  std::set<int> seen;
  for (size_t i = actions.size(); i-- > 0;) {
    const int stage = actions[i].stage;
    if (!is_weight_backward(actions[i].kind) || !seen.insert(stage).second) continue;
    actions.insert(actions.begin() + static_cast<std::ptrdiff_t>(i), Action{ActionKind::kReduce, stage});
  }
}

/// Moves each receive that is posted after its message was sent to before what the rank does at that moment.
std::vector<Action> with_receives_in_time(const std::vector<Span>& spans,
                                          const std::map<Send, double>& sent) {
  std::vector<size_t> computing;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (is_compute(spans[i].action.kind)) computing.push_back(i);
  }
  std::vector<std::pair<size_t, Action>> ordered;
  for (size_t i = 0; i < spans.size(); ++i) {
    size_t place = 2 * i + 1;
    const Action& action = spans[i].action;
    if (is_receive(action.kind)) {
      const double time = sent.at(send_of(counterpart(action)));
      const auto now = std::partition_point(computing.begin(), computing.end(),
                                            [&](size_t j) { return spans[j].end <= time; });
      if (spans[i].start > time) place = 2 * (now == computing.end() ? spans.size() : *now);
    }
    ordered.emplace_back(place, action);
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Action> actions;
  for (const auto& [place, action] : ordered) actions.push_back(action);
  return actions;
}

// A send then finds its receive posted, at equal times at least and but for ties, so that none is held up by
// a full channel. What can run so can run at any other times.
void post_in_time(Schedule& schedule) {
  constexpr int kUnlimited = 1 << 20;
  if (!verify(schedule, {.send_buffers = kUnlimited}).ok()) return;
  const Costs costs = equal_costs(schedule.stages(), 1, 1, 1);
  const Timeline timeline = simulate(schedule, costs, {.send_buffers = kUnlimited});
  std::map<Send, double> sent;
  for (const auto& spans : timeline.ranks) {
    for (const Span& span : spans) {
      if (is_send(span.action.kind)) sent[send_of(span.action)] = span.start;
    }
  }
  for (int rank = 0; rank < schedule.rank_count(); ++rank) {
    schedule.ranks[rank] = with_receives_in_time(timeline.ranks[rank], sent);
  }
}

}  // namespace

Schedule with_communication(const Schedule& schedule) {
  Schedule result = schedule;
  const bool messages = has_any(schedule, is_message);
  if (!messages) add_messages(result);
  const bool reduces = has_any(schedule, is_reduce);
  for (auto& actions : result.ranks) {
    if (!reduces) add_reductions(actions);
    const bool steps = std::any_of(actions.begin(), actions.end(),
                                   [](const Action& action) { return action.kind == ActionKind::kStep; });
    if (!steps) actions.push_back({ActionKind::kStep});
  }
  if (!messages) post_in_time(result);
  return result;
}

}  // namespace echelon::schedule
