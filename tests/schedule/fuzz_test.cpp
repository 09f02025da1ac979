// Random schedules: what the verifier passes runs to its end in any order of events, and what it calls a
// deadlock gets stuck. Two executors that share nothing with it say so: an interpreter that picks ranks at
// random, and real threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "schedule/communication.h"
#include "schedule/make_schedule.h"
#include "schedule/verify.h"

namespace echelon::schedule {
namespace {

using Random = std::mt19937;

int below(Random& random, size_t bound) {
  return static_cast<int>(std::uniform_int_distribution<size_t>(0, bound - 1)(random));
}

/// What is between two stages in one direction: messages sent whose receive is not posted, receives posted
/// without message.
struct Mailbox {
  std::deque<int> sent, wanted;
  std::set<int> delivered;

  void deliver() {
    for (; !sent.empty() && !wanted.empty(); sent.pop_front(), wanted.pop_front()) {
      EXPECT_EQ(sent.front(), wanted.front()) << "a receive got another micro-batch";
      delivered.insert(sent.front());
    }
  }
};

/// The state of all ranks; attempt() brings one rank one action on.
class Cluster {
 public:
  Cluster(const Schedule& schedule, size_t send_buffers)
      : schedule_(schedule),
        send_buffers_(send_buffers),
        at_(schedule.ranks.size(), 0),
        put_(at_.size(), false) {}

  bool is_done(int rank) const { return at_[rank] == schedule_.ranks[rank].size(); }
  bool is_done() const {
    for (size_t rank = 0; rank < at_.size(); ++rank) {
      if (!is_done(static_cast<int>(rank))) return false;
    }
    return true;
  }

  /// False when the rank is done or must wait. A send that must wait has put its message out all the same.
  bool attempt(int rank) {
    if (is_done(rank)) return false;
    const auto [kind, stage, micro_batch] = schedule_.ranks[rank][at_[rank]];
    switch (kind) {
      case ActionKind::kSendActivations:
        if (!send(rank, stage, stage + 1, micro_batch)) return false;
        break;
      case ActionKind::kSendGradients:
        if (!send(rank, stage, stage - 1, micro_batch)) return false;
        break;
      case ActionKind::kReceiveActivations:
        post(stage - 1, stage, micro_batch);
        break;
      case ActionKind::kReceiveGradients:
        post(stage + 1, stage, micro_batch);
        break;
      case ActionKind::kForward:
        if (stage > 0 && !is_here(rank, stage - 1, stage, micro_batch, forwarded_)) return false;
        EXPECT_TRUE(forwarded_.insert({stage, micro_batch}).second);
        break;
      case ActionKind::kBackward:
      case ActionKind::kBackwardInput:
        if (stage + 1 < schedule_.stages() && !is_here(rank, stage + 1, stage, micro_batch, backwarded_))
          return false;
        EXPECT_TRUE(forwarded_.count({stage, micro_batch}));
        EXPECT_TRUE(backwarded_.insert({stage, micro_batch}).second);
        break;
      case ActionKind::kBackwardWeight:
        EXPECT_TRUE(backwarded_.count({stage, micro_batch}));
        break;
      default:
        break;
    }
    ++at_[rank];
    put_[rank] = false;
    return true;
  }

  /// Messages put out by a send that waits count as something done.
  size_t messages_put() const { return messages_put_; }

 private:
  using Passed = std::set<std::pair<int, int>>;

  bool send(int rank, int from, int to, int micro_batch) {
    Mailbox& box = boxes_[{from, to}];
    if (!put_[rank]) {
      box.sent.push_back(micro_batch);
      ++messages_put_;
      box.deliver();
    }
    put_[rank] = true;
    return box.sent.size() <= send_buffers_;
  }

  void post(int from, int to, int micro_batch) {
    boxes_[{from, to}].wanted.push_back(micro_batch);
    boxes_[{from, to}].deliver();
  }

  bool is_here(int rank, int from, int to, int micro_batch, const Passed& passed) {
    if (schedule_.rank_of_stage[from] != rank && !boxes_[{from, to}].delivered.count(micro_batch))
      return false;
    EXPECT_TRUE(passed.count({from, micro_batch})) << "ran before what it needs";
    return true;
  }

  const Schedule& schedule_;
  size_t send_buffers_;
  std::vector<size_t> at_;
  std::vector<bool> put_;
  std::map<std::pair<int, int>, Mailbox> boxes_;
  Passed forwarded_, backwarded_;
  size_t messages_put_ = 0;
};

/// Ranks take turns at random until all are done or none gets on.
bool runs_in_random_order(const Schedule& schedule, int send_buffers, Random& random) {
  Cluster cluster(schedule, send_buffers);
  std::vector<int> order(schedule.rank_count());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  for (bool progress = true; progress;) {
    progress = false;
    std::shuffle(order.begin(), order.end(), random);
    for (const int rank : order) {
      const size_t before = cluster.messages_put();
      for (int i = below(random, 4); i >= 0; --i) progress |= cluster.attempt(rank);
      progress |= cluster.messages_put() != before;
    }
  }
  return cluster.is_done();
}

/// Each rank is a thread; they wait for each other on a condition variable, and are stuck once all that are
/// left have looked at the same state and cannot get on.
bool runs_in_threads(const Schedule& schedule, int send_buffers) {
  Cluster cluster(schedule, send_buffers);
  std::mutex mutex;
  std::condition_variable changed;
  int living = schedule.rank_count(), waiting = 0, version = 0;
  bool stuck = false;

  const auto run = [&](int rank) {
    std::unique_lock lock(mutex);
    const auto touch = [&] {
      ++version;
      waiting = 0;
      changed.notify_all();
    };
    while (!cluster.is_done(rank) && !stuck) {
      const size_t before = cluster.messages_put();
      const bool advanced = cluster.attempt(rank);
      if (advanced || cluster.messages_put() != before) {
        touch();
        lock.unlock();  // so that others may get in between
        lock.lock();
        continue;
      }
      if (++waiting == living) {
        stuck = true;
        changed.notify_all();
        break;
      }
      changed.wait(lock, [&, seen = version] { return stuck || version != seen; });
    }
    --living;
    touch();
  };
  std::vector<std::thread> threads;
  for (int rank = 0; rank < schedule.rank_count(); ++rank) threads.emplace_back(run, rank);
  for (std::thread& thread : threads) thread.join();
  return cluster.is_done();
}

/// A schedule whose compute actions come in the order in which one processor could have done them all: it can
/// be run.
Schedule random_schedule(Random& random) {
  const int ranks = 1 + below(random, 4);
  const int stages = ranks + below(random, ranks + 1);
  Schedule schedule{"random", 1 + below(random, 5), {}, std::vector<std::vector<Action>>(ranks)};
  for (int stage = 0; stage < stages; ++stage) {
    schedule.rank_of_stage.push_back(stage < ranks ? stage : below(random, ranks));
  }
  std::shuffle(schedule.rank_of_stage.begin(), schedule.rank_of_stage.end(), random);

  std::vector<Action> ready;
  for (int micro_batch = 0; micro_batch < schedule.micro_batches; ++micro_batch) {
    ready.push_back({ActionKind::kForward, 0, micro_batch});
  }
  while (!ready.empty()) {
    const int picked = below(random, ready.size());
    const auto [kind, stage, micro_batch] = ready[picked];
    ready.erase(ready.begin() + picked);
    schedule.ranks[schedule.rank_of_stage[stage]].push_back({kind, stage, micro_batch});
    const ActionKind backward = below(random, 2) ? ActionKind::kBackward : ActionKind::kBackwardInput;
    if (kind == ActionKind::kForward) {
      if (stage + 1 < stages) ready.push_back({ActionKind::kForward, stage + 1, micro_batch});
      if (stage + 1 == stages) ready.push_back({backward, stage, micro_batch});
    } else if (kind != ActionKind::kBackwardWeight) {
      if (stage > 0) ready.push_back({backward, stage - 1, micro_batch});
      if (kind == ActionKind::kBackwardInput)
        ready.push_back({ActionKind::kBackwardWeight, stage, micro_batch});
    }
  }
  return schedule;
}

/// Moves, swaps, repeats, drops or renumbers actions.
void mutate(Schedule& schedule, Random& random) {
  std::vector<Action>& actions = schedule.ranks[below(random, schedule.ranks.size())];
  if (actions.size() < 2) return;
  const int first = below(random, actions.size());
  const int second = std::clamp(first + below(random, 15) - 7, 0, static_cast<int>(actions.size()) - 1);
  const auto from = actions.begin() + first, to = actions.begin() + second;
  switch (below(random, 20)) {
    case 0:
      actions.erase(from);
      break;
    case 1:
      actions.insert(to, Action(*from));
      break;
    case 2:
      from->micro_batch = below(random, schedule.micro_batches);
      break;
    case 3:
      std::iter_swap(from, to);
      break;
    default:
      if (from < to) std::rotate(from, from + 1, to + 1);
      if (to < from) std::rotate(to, from, from + 1);
  }
}

/// With changes to what is computed, to the complete list, or to both.
Schedule changed_schedule(Random& random) {
  Schedule schedule = random_schedule(random);
  for (int changes = below(random, 3); changes > 0; --changes) mutate(schedule, random);
  schedule = with_communication(schedule);
  for (int changes = below(random, 3); changes > 0; --changes) mutate(schedule, random);
  return schedule;
}

TEST(Fuzz, GivesMessagesToWhateverCanRun) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const Schedule schedule = with_communication(random_schedule(random));
    for (const int send_buffers : {1, 2}) {
      const Report report = verify(schedule, {.send_buffers = send_buffers});
      ASSERT_TRUE(report.ok()) << "list " << i << ": " << report.problems[0].text();
      ASSERT_TRUE(runs_in_random_order(schedule, send_buffers, random)) << i;
    }
  }
}

TEST(Fuzz, VerifierAndInterpreterAgreeOnChangedLists) {
  Random random(2);
  int passed = 0, stuck = 0, refused = 0;
  for (int i = 0; i < 12000; ++i) {
    const Schedule schedule = changed_schedule(random);
    const int send_buffers = below(random, 2);
    const Report report = verify(schedule, {.send_buffers = send_buffers});
    if (!report.ok() && !report.deadlock) {
      ++refused;
      continue;
    }
    ASSERT_EQ(runs_in_random_order(schedule, send_buffers, random), report.ok()) << i;
    ++(report.ok() ? passed : stuck);
  }
  EXPECT_GT(passed, 2000);
  EXPECT_GT(stuck, 200);
  EXPECT_GT(refused, 2000);
}

TEST(Fuzz, VerifierAndThreadsAgree) {
  Random random(3);
  int passed = 0, stuck = 0;
  while (passed < 200 || stuck < 50) {
    const Schedule schedule = changed_schedule(random);
    const int send_buffers = below(random, 2);
    const Report report = verify(schedule, {.send_buffers = send_buffers});
    if (!report.ok() && !report.deadlock) continue;
    ASSERT_EQ(runs_in_threads(schedule, send_buffers), report.ok());
    ++(report.ok() ? passed : stuck);
  }
}

TEST(Fuzz, GeneratedSchedulesRun) {
  Random random(4);
  for (const std::string& name : names()) {
    const Schedule schedule = with_communication(make_schedule(name, 4, 9, 3));
    EXPECT_TRUE(runs_in_threads(schedule, 1)) << name;
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(runs_in_random_order(schedule, 1, random)) << name;
  }
}

}  // namespace
}  // namespace echelon::schedule
