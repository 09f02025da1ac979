#include "comm/nccl/watchdog.h"

#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "comm/local/local.h"
#include "common/error.h"

namespace echelon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kTimeout = 1;  // seconds
constexpr NcclWatchdog::Patience kImpatient{.interval = 0.01,
                                            .echo = 0.2,
                                            .stuck_after = 0.1,
                                            .first_probe = 0.3,
                                            .probe_answer = 0.2,
                                            .report_answer = 0.5};

/// An operation that the test finishes.
class ManualOperation : public NcclOperation {
 public:
  explicit ManualOperation(const LedgerEntry& entry) : entry_(entry) {}
  const LedgerEntry& entry() const override { return entry_; }
  bool inputs_ready() const override { return ready; }
  bool finished() const override { return done; }

  std::atomic<bool> ready = true;
  std::atomic<bool> done = false;

 private:
  LedgerEntry entry_;
};

/// One rank: its split of the world, and a watchdog over it that has no NCCL.
struct Rank {
  explicit Rank(Communicator& world)
      : watched(dynamic_cast<WatchedCommunicator&>(world).split_watched(0, world.rank())) {}

  std::shared_ptr<ManualOperation> enter(const LedgerEntry& entry, int lane = 0) {
    auto operation = std::make_shared<ManualOperation>(entry);
    watchdog.enter(operation, lane);
    return operation;
  }
  /// What calls of this rank throw, once there is a failure; empty after `seconds` without one.
  std::string failure_within(double seconds) const {
    const Stopwatch waited;
    while (waited.seconds() < seconds) {
      try {
        failure->check();
      } catch (const CommError& error) {
        return error.what();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return "";
  }

  std::unique_ptr<WatchedCommunicator> watched;
  std::shared_ptr<NcclFailure> failure = std::make_shared<NcclFailure>();
  std::atomic<int> aborts = 0;
  std::atomic<bool> nccl_error = false;
  NcclWatchdog watchdog{
      *watched, failure,
      NcclWatchdog::Hooks{[] {}, [this] { return std::string(nccl_error ? "NCCL: broken" : ""); },
                          [this] { ++aborts; }},
      kImpatient};
};

/// Runs `body` as two ranks that leave together, so that none leaves before the others have seen the failure.
void run_two(const std::function<void(Rank&)>& body) {
  std::barrier leave(2);
  run_ranks(
      2,
      [&](Communicator& world) {
        Rank rank(world);
        body(rank);
        leave.arrive_and_wait();
      },
      kTimeout);
}

LedgerEntry all_reduce(uint64_t sequence, int64_t elements) {
  LedgerEntry entry = make_entry(sequence, Operation::kAllReduce, "bucket");
  entry.dimensions = 1;
  entry.dtype = static_cast<int8_t>(at::kFloat);
  entry.sizes[0] = elements;
  return entry;
}

TEST(NcclWatchdog, NamesTheRankThatHasNotEntered) {
  run_two([](Rank& rank) {
    rank.enter(all_reduce(1, 8))->done = true;
    if (rank.watched->rank() == 1) rank.enter(all_reduce(2, 8));
    EXPECT_THAT(rank.failure_within(5 * kTimeout),
                AllOf(HasSubstr("rank 0 has not entered operation 2 all_reduce"), HasSubstr("'bucket'")));
    EXPECT_GE(rank.aborts, 1);
  });
}

TEST(NcclWatchdog, FindsADisagreementBehindTheNewestCallBeforeTheTimeout) {
  run_two([](Rank& rank) {
    const Stopwatch watch;
    rank.enter(all_reduce(1, rank.watched->rank() == 0 ? 8 : 9));
    rank.enter(all_reduce(2, 100));  // the host runs ahead of the stream
    EXPECT_THAT(rank.failure_within(5 * kTimeout),
                AllOf(HasSubstr("ranks disagree at operation 1"), HasSubstr("[8]"), HasSubstr("[9]")));
    EXPECT_LT(watch.seconds(), kTimeout);
  });
}

TEST(NcclWatchdog, DoesNotCountTheTimeOfThisRanksOwnKernels) {
  run_two([](Rank& rank) {
    const auto operation = std::make_shared<ManualOperation>(all_reduce(1, 8));
    operation->ready = false;
    rank.watchdog.enter(operation, 0);
    EXPECT_EQ(rank.failure_within(2 * kTimeout), "");
    operation->done = true;
  });
}

TEST(NcclWatchdog, ProgressOfALaneRestartsItsClock) {
  run_two([](Rank& rank) {
    const auto first = rank.enter(all_reduce(1, 8));
    const auto second = rank.enter(all_reduce(2, 8));
    EXPECT_EQ(rank.failure_within(0.7 * kTimeout), "");
    first->done = true;
    EXPECT_EQ(rank.failure_within(0.7 * kTimeout), "");
    second->done = true;
    EXPECT_EQ(rank.failure_within(1.5 * kTimeout), "");
  });
}

TEST(NcclWatchdog, NamesThePartnerOfAMessage) {
  run_two([](Rank& rank) {
    LedgerEntry entry = make_entry(3, Operation::kSend, "activations");
    entry.peer = 1;
    if (rank.watched->rank() == 0) rank.enter(entry, 1);
    EXPECT_THAT(rank.failure_within(5 * kTimeout),
                AllOf(HasSubstr("rank 1 has not met message 3 send to rank 1"),
                      HasSubstr("'activations' of rank 0")));
  });
}

TEST(NcclWatchdog, AnErrorOfNcclReachesEveryRankWithTheRankThatSawIt) {
  run_two([](Rank& rank) {
    if (rank.watched->rank() == 1) rank.nccl_error = true;
    EXPECT_THAT(rank.failure_within(kTimeout), AllOf(HasSubstr("rank 1"), HasSubstr("NCCL: broken")));
  });
}

TEST(NcclWatchdog, TheReasonOfTheRankThatFailedGoesBeforeItsEcho) {
  run_two([](Rank& rank) {
    if (rank.watched->rank() == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      rank.watchdog.fail("the disk is full");
    } else {
      rank.nccl_error = true;  // NCCL sees the other rank leave before its reason arrives
    }
    EXPECT_THAT(rank.failure_within(kTimeout), HasSubstr("the disk is full"));
  });
}

}  // namespace
}  // namespace echelon
