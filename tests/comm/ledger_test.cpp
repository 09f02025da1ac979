#include "comm/ledger.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "comm/local/local.h"
#include "comm/watch.h"
#include "common/clock.h"
#include "common/error.h"

namespace echelon {
namespace {

using ::testing::HasSubstr;

LedgerEntry entry_of(uint64_t sequence, Operation operation, at::IntArrayRef shape,
                     std::string_view label = "") {
  return make_entry(sequence, operation, at::empty(shape, at::kFloat), label, Reduce::kSum);
}

RankStatus status_of(int rank, const LedgerEntry& entered, const LedgerEntry& finished) {
  RankStatus status;
  status.rank = rank;
  status.entered = entered;
  status.finished = finished;
  return status;
}

TEST(Ledger, NamesRanksInRuns) {
  const std::vector<int> one = {3}, some = {0, 1, 2, 4}, apart = {1, 3, 5, 6};
  EXPECT_EQ(name_ranks(one), "rank 3");
  EXPECT_EQ(name_ranks(some), "ranks 0-2,4");
  EXPECT_EQ(name_ranks(apart), "ranks 1,3,5-6");
}

TEST(Ledger, RendersEntries) {
  ledger_note("step 120");
  const LedgerEntry entry = entry_of(57, Operation::kAllReduce, {1048576}, "bucket 3");
  ledger_note("");
  EXPECT_EQ(to_string(entry), "operation 57 all_reduce sum float32 [1048576] 'bucket 3' (step 120)");
  EXPECT_EQ(to_string(make_entry(2, Operation::kBarrier)), "operation 2 barrier");
  const LedgerEntry message = make_entry(3, Operation::kSend, at::empty({2, 4}, at::kLong), "", {}, 5, 9);
  EXPECT_EQ(to_string(message), "message 3 send int64 [2, 4] to rank 5 tag 9");
}

TEST(Ledger, FoldsDimensionsBeyondTheFifth) {
  EXPECT_EQ(to_string(entry_of(1, Operation::kAllReduce, {1, 2, 3, 4, 5, 6})),
            "operation 1 all_reduce sum float32 [1, 2, 3, 4, 30]");
}

TEST(Ledger, FingerprintLeavesOutTheNoteOnly) {
  const LedgerEntry entry = entry_of(1, Operation::kAllReduce, {8}, "a");
  ledger_note("step 2");
  const LedgerEntry noted = entry_of(1, Operation::kAllReduce, {8}, "a");
  ledger_note("");
  EXPECT_EQ(fingerprint(noted), fingerprint(entry));
  EXPECT_NE(fingerprint(entry_of(2, Operation::kAllReduce, {8}, "a")), fingerprint(entry));
  EXPECT_NE(fingerprint(entry_of(1, Operation::kBroadcast, {8}, "a")), fingerprint(entry));
  EXPECT_NE(fingerprint(entry_of(1, Operation::kAllReduce, {2, 4}, "a")), fingerprint(entry));
  EXPECT_NE(fingerprint(entry_of(1, Operation::kAllReduce, {8}, "b")), fingerprint(entry));
}

TEST(Ledger, DescribesWhoIsLate) {
  const LedgerEntry before = make_entry(56, Operation::kBarrier);
  const LedgerEntry now = entry_of(57, Operation::kAllReduce, {1048576}, "bucket 3");
  const std::vector<RankStatus> two = {status_of(0, now, before), status_of(1, before, before)};
  EXPECT_EQ(
      describe_lateness(two, now, 600),
      "rank 1 has not entered operation 57 all_reduce sum float32 [1048576] 'bucket 3' within 600 s; it last "
      "finished operation 56 barrier");
  std::vector<RankStatus> five = {status_of(0, now, before), status_of(1, before, before),
                                  status_of(2, {}, {}), status_of(3, before, before), status_of(4, {}, {})};
  five[2].host = "node7";
  five[4].reachable = false;
  EXPECT_EQ(describe_lateness(five, now, 1.5),
            "ranks 1,3 have not entered operation 57 all_reduce sum float32 [1048576] 'bucket 3' within 1.5 "
            "s; they "
            "last finished operation 56 barrier; rank 2 on node7 has not entered operation 57 all_reduce sum "
            "float32 "
            "[1048576] 'bucket 3' within 1.5 s; it has finished no operation yet; rank 4 has not entered "
            "operation 57 "
            "all_reduce sum float32 [1048576] 'bucket 3' within 1.5 s; it does not answer");
}

TEST(Ledger, DescribesWhoIsBehindWithinAnOperation) {
  const LedgerEntry before = make_entry(56, Operation::kBarrier);
  const LedgerEntry now = make_entry(57, Operation::kBarrier, "end");
  std::vector<RankStatus> ranks = {status_of(0, now, before), status_of(1, now, before),
                                   status_of(2, now, before)};
  const std::string entered =
      "operation 57 barrier 'end' was entered by every rank but did not finish within 2 s";
  EXPECT_EQ(describe_lateness(ranks, now, 2), entered);
  ranks[0].progress = ranks[2].progress = 7;
  ranks[1].progress = 6;
  EXPECT_EQ(describe_lateness(ranks, now, 2), entered + "; rank 1 is behind the others");
  ranks[2].progress = 6;
  EXPECT_EQ(describe_lateness(ranks, now, 2), entered + "; ranks 1-2 are behind the others");
}

TEST(Ledger, DescribesDisagreement) {
  const LedgerEntry reduce = entry_of(57, Operation::kAllReduce, {10});
  const LedgerEntry cast = make_entry(57, Operation::kBroadcast, at::empty({10}, at::kFloat), "", {}, 0);
  const std::vector<RankStatus> ranks = {status_of(0, reduce, {}), status_of(1, cast, {}),
                                         status_of(2, reduce, {})};
  EXPECT_EQ(describe_mismatch(ranks, 57),
            "ranks disagree at operation 57: ranks 0,2 all_reduce sum float32 [10], rank 1 broadcast float32 "
            "[10] from "
            "rank 0; all ranks must call the same operations with the same arguments in the same order");
  EXPECT_EQ(describe_mismatch(std::vector{ranks[0], ranks[2]}, 57), std::nullopt);
}

// Runs `body` as ranks and returns what each threw, which must be a CommError.
std::vector<std::string> errors_of_ranks(int size, double timeout,
                                         const std::function<void(Communicator&)>& body) {
  const auto world = make_local_world(size, timeout);
  std::vector<std::string> errors(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(*world[rank]);
      } catch (const CommError& error) {
        errors[rank] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

TEST(LedgerOfRanks, TellsEveryRankWhoIsLateAndForWhat) {
  const auto errors = errors_of_ranks(3, 0.5, [](Communicator& comm) {
    comm.barrier("start")->wait();
    if (comm.rank() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    at::Tensor tensor = at::zeros({10});
    comm.all_reduce(tensor, Reduce::kSum, "bucket 3")->wait();
  });
  for (const std::string& error : errors) {
    EXPECT_EQ(
        error,
        "rank 1 has not entered operation 2 all_reduce sum float32 [10] 'bucket 3' within 0.5 s; it last "
        "finished operation 1 barrier 'start'");
  }
}

TEST(LedgerOfRanks, TellsEveryRankOfDisagreement) {
  const auto errors = errors_of_ranks(4, 10, [](Communicator& comm) {
    at::Tensor tensor = at::zeros({10});
    if (comm.rank() == 1)
      comm.broadcast(tensor, 2)->wait();
    else
      comm.all_reduce(tensor, Reduce::kMax)->wait();
  });
  for (const std::string& error : errors) {
    EXPECT_EQ(
        error,
        "ranks disagree at operation 1: ranks 0,2-3 all_reduce max float32 [10], rank 1 broadcast float32 "
        "[10] from rank 2; all ranks must call the same operations with the same arguments in the same "
        "order");
  }
}

TEST(LedgerOfRanks, KeepsFailingWithTheSameMessage) {
  const auto world = make_local_world(2, 10);
  world[1]->abort("disk full");
  for (int i = 0; i < 2; ++i) {
    try {
      world[0]->barrier()->wait();
      FAIL();
    } catch (const CommError& error) {
      EXPECT_STREQ(error.what(), "rank 1 ended the job: disk full");
    }
  }
}

TEST(LedgerOfRanks, AbortWakesWhoeverWaits) {
  const Stopwatch stopwatch;
  const auto errors = errors_of_ranks(3, 60, [](Communicator& comm) {
    if (comm.rank() == 2) return comm.abort("out of memory");
    at::Tensor tensor = at::zeros({1});
    if (comm.rank() == 0)
      comm.receive(tensor, 2)->wait();
    else
      comm.barrier()->wait();
  });
  EXPECT_EQ(errors[0], "rank 2 ended the job: out of memory");
  EXPECT_EQ(errors[1], "rank 2 ended the job: out of memory");
  EXPECT_LT(stopwatch.seconds(), 30);
}

TEST(LedgerOfRanks, NamesAMessageThatDoesNotCome) {
  const auto errors = errors_of_ranks(2, 0.5, [](Communicator& comm) {
    comm.barrier()->wait();
    at::Tensor tensor = at::zeros({4});
    if (comm.rank() == 0)
      comm.receive(tensor, 1, 7, "activation 2")->wait();
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  });
  EXPECT_EQ(
      errors[0],
      "message 1 receive float32 [4] from rank 1 tag 7 'activation 2' was not sent within 0.5 s; rank 1 "
      "last finished operation 1 barrier");
}

TEST(LedgerOfRanks, RefusesAMessageOfAnotherSize) {
  const auto errors = errors_of_ranks(2, 10, [](Communicator& comm) {
    at::Tensor four = at::zeros({4}), five = at::zeros({5});
    if (comm.rank() == 0)
      comm.send(four, 1)->wait();
    else
      comm.receive(five, 0)->wait();
    comm.barrier()->wait();
  });
  EXPECT_THAT(errors[1], HasSubstr("message 1 send float32 [4]"));
  EXPECT_THAT(errors[1], HasSubstr("message 1 receive float32 [5]"));
  EXPECT_EQ(errors[0], errors[1]);
}

TEST(LedgerOfRanks, ACommunicatorThatGoesAwayFailsTheOthers) {
  auto world = make_local_world(2, 60);
  at::Tensor tensor = at::zeros({100});
  const Work pending = world[0]->all_reduce(tensor, Reduce::kSum);
  while (world[1]->watch().collect(0)[0].entered.sequence == 0) std::this_thread::yield();
  world[0].reset();
  EXPECT_THROW(pending->wait(), CommError);
  try {
    world[1]->barrier()->wait();
    FAIL();
  } catch (const CommError& error) {
    EXPECT_STREQ(error.what(), "rank 0 left while operations were not finished");
  }
}

}  // namespace
}  // namespace echelon
