#include "schedule/deadlock.h"

#include <algorithm>
#include <map>

#include "common/format.h"
#include "schedule/messages.h"

namespace echelon::schedule {
namespace {

struct Channel {
  std::vector<Action> sent;
  std::vector<Action> posted;
};

class Machine {
 public:
  Machine(const Schedule& schedule, int send_buffers)
      : schedule_(schedule),
        send_buffers_(static_cast<size_t>(std::max(0, send_buffers))),
        channels_(channel_count(schedule)),
        ranks_(schedule.rank_count()) {}

  void run() {
    for (bool progress = true; progress;) {
      progress = false;
      for (int rank = 0; rank < schedule_.rank_count(); ++rank) {
        while (!is_done(rank) && !missing(rank)) {
          ++ranks_[rank].index;
          ranks_[rank].issued = false;
          progress = true;
        }
      }
    }
  }

  std::vector<Blocked> blocked() {
    std::vector<Blocked> all;
    for (int rank = 0; rank < schedule_.rank_count(); ++rank) {
      if (is_done(rank)) continue;
      const Action waits_for = *missing(rank);
      all.push_back({rank, ranks_[rank].index, waits_for, schedule_.rank_of_stage[waits_for.stage]});
    }
    return all;
  }

 private:
  struct RankState {
    int index = 0;
    bool issued = false;  ///< the action has had its effect on its channel
  };

  bool is_done(int rank) const {
    return ranks_[rank].index == static_cast<int>(schedule_.ranks[rank].size());
  }

  /// Begins the rank's action, and tells what it still waits for.
  std::optional<Action> missing(int rank) {
    const Action& action = schedule_.ranks[rank][ranks_[rank].index];
    if (is_compute(action.kind)) {
      const auto receive = needed_receive(schedule_, action);
      return receive ? missing_send(*receive) : std::nullopt;
    }
    if (!is_send(action.kind) && !is_receive(action.kind)) return std::nullopt;

    Channel& channel = channels_[channel_of(action)];
    if (!ranks_[rank].issued) (is_send(action.kind) ? channel.sent : channel.posted).push_back(action);
    ranks_[rank].issued = true;
    const size_t posted = channel.posted.size();
    if (is_receive(action.kind) || posted + send_buffers_ >= channel.sent.size()) return std::nullopt;
    return counterpart(channel.sent[posted]);
  }

  std::optional<Action> missing_send(const Action& receive) const {
    const std::vector<Action>& sent = channels_[channel_of(receive)].sent;
    const Action send = counterpart(receive);
    return std::find(sent.begin(), sent.end(), send) == sent.end() ? std::optional(send) : std::nullopt;
  }

  const Schedule& schedule_;
  size_t send_buffers_;
  std::vector<Channel> channels_;
  std::vector<RankState> ranks_;
};

}  // namespace

std::vector<Blocked> find_deadlock(const Schedule& schedule, int send_buffers) {
  Machine machine(schedule, send_buffers);
  machine.run();
  return machine.blocked();
}

std::string describe_cycle(const std::vector<Blocked>& blocked) {
  std::map<int, int> waits_for;
  for (const Blocked& each : blocked) waits_for[each.rank] = each.other_rank;
  int rank = blocked.front().rank;
  for (size_t i = 0; i < blocked.size(); ++i) rank = waits_for[rank];  // now it is on the cycle

  std::string text = str_format("rank {} waits for rank {}", rank, waits_for[rank]);
  for (int next = waits_for[rank]; next != rank; next = waits_for[next]) {
    text += str_format(", which waits for rank {}", waits_for[next]);
  }
  return text;
}

}  // namespace echelon::schedule
