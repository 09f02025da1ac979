#include "schedule/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/format.h"
#include "lists.h"
#include "schedule/communication.h"
#include "schedule/make_schedule.h"

namespace echelon::schedule {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kNear = 1e-9;

struct Times {
  double forward = 1, input = 1, weight = 1;
  double all() const { return forward + input + weight; }
};

Timeline run(const std::string& name, int p, int m, int v = 1, const Times& times = {}) {
  const Schedule schedule = with_communication(make_schedule(name, p, m, v));
  return simulate(schedule, equal_costs(schedule.stages(), times.forward, times.input, times.weight));
}

/// Idle seconds of the slowest rank from its first to its last action, and of every rank over the step.
void expect_idle(const Timeline& timeline, double seconds) {
  double largest = 0;
  for (const RankUse& use : timeline.use) {
    largest = std::max(largest, use.bubble);
    EXPECT_NEAR(use.step_idle, seconds, kNear);
  }
  EXPECT_NEAR(largest, seconds, kNear);
}

/// Calls visit(p, m) for the numbers of ranks in the papers and m from p on.
template <class Visit>
void for_each_shape(Visit visit) {
  for (const int p : {1, 2, 4, 8, 16}) {
    for (const int m : {p, p + 1, 2 * p - 1, 2 * p, 3 * p + 1, 4 * p}) {
      SCOPED_TRACE(str_format("p={} m={}", p, m));
      visit(p, m);
    }
  }
}

// 2104.04473, section 2.2.1: (p-1)/m of the ideal time, which is (p-1)/(m+p-1) of the step.
TEST(Simulate, GpipeAndOneForwardOneBackwardHaveThePublishedBubble) {
  for_each_shape([](int p, int m) {
    for (const char* name : {"gpipe", "1f1b"}) {
      const Timeline timeline = run(name, p, m);
      expect_idle(timeline, 3 * (p - 1));
      EXPECT_NEAR(timeline.bubble_rate(), (p - 1.0) / (m + p - 1), kNear);
      EXPECT_NEAR(timeline.step_idle_rate(), (p - 1.0) / (m + p - 1), kNear);
      const Times uneven{1.5, 2.5, 1};
      expect_idle(run(name, p, m, 1, uneven), uneven.all() * (p - 1));
    }
  });
}

// 2104.04473, section 2.2.2: 1/v of it; there for m a multiple of p, here for every m >= p.
TEST(Simulate, InterleavedHasThePublishedBubble) {
  for_each_shape([](int p, int m) {
    for (const int v : {1, 2, 3}) {
      const Timeline timeline = run("interleaved", p, m, v);
      EXPECT_NEAR(timeline.bubble_rate(), (p - 1.0) / (v * m + p - 1), kNear) << v;
      EXPECT_NEAR(timeline.step_idle_rate(), (p - 1.0) / (v * m + p - 1), kNear) << v;
    }
  });
}

// 2401.10241, table 2: (p-1)(F+B-W), where 1F1B has (p-1)(F+B+W); a third when all are equal.
TEST(Simulate, ZeroBubbleH1HasAThirdOfTheBubble) {
  for_each_shape([](int p, int m) {
    expect_idle(run("zb_h1", p, m), p - 1);
    EXPECT_NEAR(run("zb_h1", p, m).use[0].bubble, run("1f1b", p, m).use[0].bubble / 3, kNear);
    const Times uneven{2, 2, 1};
    expect_idle(run("zb_h1", p, m, 1, uneven), 3 * (p - 1));
  });
}

// 2401.10241, section 6: none, with enough micro-batches.
TEST(Simulate, ZeroBubbleVHasNone) {
  for_each_shape([](int p, int m) {
    const Timeline timeline = run("zb_v", p, m);
    EXPECT_NEAR(timeline.bubble_rate() * 6 * m / (1 - timeline.bubble_rate()), std::max(0, 2 * p - 1 - m),
                kNear);
    if (m >= 2 * p - 1) {
      for (const RankUse& use : timeline.use) EXPECT_NEAR(use.bubble, 0, kNear);
    }
  });
}

TEST(Simulate, FewMicroBatchesCostAGroupAChunk) {
  for (const int v : {1, 2, 3}) expect_idle(run("interleaved", 4, 2, v), 3 * (3 + 2 * (v - 1)));
}

TEST(Simulate, AddsUpByHand) {
  // 0 F 1 . 1.5 F 2.5 . B . 4.5 . 4.75 . B . 6.75
  const Schedule schedule = with_communication(make_schedule("1f1b", 2, 1));
  Costs costs = equal_costs(2, 1, 1, 1);
  costs.stages[0].send_activations = 0.5;
  costs.stages[1].send_gradients = 0.25;
  const Timeline timeline = simulate(schedule, costs);
  EXPECT_DOUBLE_EQ(timeline.seconds, 6.75);
  EXPECT_DOUBLE_EQ(timeline.use[0].bubble, 3.75);
  EXPECT_DOUBLE_EQ(timeline.use[1].bubble, 0);
  EXPECT_DOUBLE_EQ(timeline.use[1].step_idle, 3.75);
  EXPECT_DOUBLE_EQ(timeline.bubble_rate(), 3.75 / 6.75);
  EXPECT_DOUBLE_EQ(timeline.mean_bubble_rate(), 3.75 / 9.75);
  EXPECT_DOUBLE_EQ(timeline.step_idle_rate(), 7.5 / 13.5);
}

/// When each of the actions, in the order of the list, starts.
std::vector<double> starts(const std::vector<Span>& spans, ActionKind kind) {
  std::vector<double> all;
  for (const Span& span : spans) {
    if (span.action.kind == kind) all.push_back(span.start);
  }
  return all;
}

TEST(Simulate, SendsOneMessageAtATime) {
  const Schedule schedule = with_communication(make_schedule("gpipe", 2, 3));
  Costs costs = equal_costs(2, 1, 1, 1);
  costs.stages[0].send_activations = 2;
  const auto forwards = [&](int send_buffers) {
    const Timeline timeline = simulate(schedule, costs, {.send_buffers = send_buffers});
    return std::pair(starts(timeline.ranks[0], ActionKind::kForward),
                     starts(timeline.ranks[1], ActionKind::kForward));
  };
  using Starts = std::vector<double>;
  // Made at 1, 2 and 3, there at 3, 5 and 7.
  EXPECT_EQ(forwards(2), std::pair(Starts({0, 1, 2}), Starts({3, 5, 7})));
  // The second send waits for the first message to be there, at 3.
  EXPECT_EQ(forwards(1), std::pair(Starts({0, 1, 3}), Starts({3, 5, 7})));
  EXPECT_EQ(forwards(0), std::pair(Starts({0, 3, 6}), Starts({3, 6, 9})));
}

TEST(Simulate, ReducesInTheBackground) {
  const Schedule schedule = with_communication(make_schedule("zb_v", 1, 1));
  ASSERT_EQ(to_row(schedule.ranks[0]), "0F0 1F0 1I0 1REDUCE 1W0 0I0 0REDUCE 0W0 STEP");
  Costs costs = equal_costs(2, 1, 1, 1);
  costs.stages[0].reduce = costs.stages[1].reduce = 3;
  costs.step = {0.5};
  const Timeline timeline = simulate(schedule, costs);
  // Stage 1 from 4 to 7, stage 0 is ready at 6 and goes from 7 to 10.
  EXPECT_EQ(starts(timeline.ranks[0], ActionKind::kReduce), (std::vector<double>{4, 7}));
  EXPECT_EQ(starts(timeline.ranks[0], ActionKind::kStep), (std::vector<double>{10}));
  EXPECT_DOUBLE_EQ(timeline.seconds, 10.5);
  EXPECT_DOUBLE_EQ(timeline.use[0].busy, 6);
}

TEST(Simulate, SharesCores) {
  const Schedule schedule = with_communication(make_schedule("gpipe", 2, 2));
  const Costs costs = equal_costs(2, 1, 1, 1);
  const auto seconds = [&](const SimulateOptions& options) {
    return simulate(schedule, costs, options).seconds;
  };
  EXPECT_NEAR(seconds({}), 9, kNear);
  EXPECT_NEAR(seconds({.cores_per_node = 2}), 9, kNear);
  EXPECT_NEAR(seconds({.cores_per_node = 1, .node_of_rank = {0, 1}}), 9, kNear);
  // One core: it is never idle, and does the work of 2 ranks, 2 micro-batches, 3 s.
  EXPECT_NEAR(seconds({.cores_per_node = 1}), 12, kNear);
  // A core and a half: F alone to 1, two F at 3/4 to 7/3, F to 10/3, B to 16/3, two B at 3/4 to 8, B to 10.
  EXPECT_NEAR(seconds({.cores_per_node = 1.5}), 10, kNear);
}

TEST(Simulate, SpeedsUpWhenAnotherEnds) {
  Costs costs = equal_costs(2, 1, 1, 1);
  costs.stages[1].forward = 3;
  const Timeline timeline =
      simulate(with_communication(make_schedule("gpipe", 2, 2)), costs, {.cores_per_node = 1});
  // From 1 both compute at half rate; rank 0 has made its 1 s at 3, rank 1 then has 2 of 3 s left.
  EXPECT_EQ(starts(timeline.ranks[1], ActionKind::kForward), (std::vector<double>{1, 5}));
  EXPECT_EQ(starts(timeline.ranks[1], ActionKind::kBackward)[0], 8);
}

TEST(Simulate, CountsBytes) {
  const Schedule schedule = from_rows({"0F0 0F1 0I0 0W0 0F2 0I1 0I2 0W1 0REDUCE 0W2 STEP"});
  Costs costs = equal_costs(1, 1, 1, 1);
  costs.stages[0].activation_bytes = 10;
  costs.stages[0].deferred_bytes = 4;
  RankUse use = simulate(schedule, costs).use[0];
  EXPECT_EQ(use.peak_activation_bytes, 20);
  EXPECT_EQ(use.peak_deferred_bytes, 8);
  EXPECT_EQ(use.peak_bytes, 20);
  costs.stages[0].deferred_bytes = 15;
  EXPECT_EQ(simulate(schedule, costs).use[0].peak_bytes, 30);
}

TEST(Simulate, RefusesWhatItCannot) {
  const Schedule schedule = with_communication(make_schedule("1f1b", 2, 2));
  EXPECT_THAT([&] { simulate(schedule, equal_costs(3, 1, 1, 1)); },
              ThrowsMessage<ConfigError>(HasSubstr("needs 2 costs of stages, has 3")));
  const Schedule circle = with_communication(from_rows({"0F0 0B0 0F1 0B1", "1F0 1F1 1B0 1B1"}));
  EXPECT_THAT([&] { simulate(circle, equal_costs(2, 1, 1, 1)); },
              ThrowsMessage<ConfigError>(HasSubstr("its ranks wait for each other")));
}

}  // namespace
}  // namespace echelon::schedule
