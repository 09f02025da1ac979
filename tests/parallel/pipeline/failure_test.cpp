// A rank that fails in the middle of a step ends the step of all.
#include <gmock/gmock.h>

#include <atomic>

#include "comm/local/local.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "parallel/pipeline/members.h"
#include "schedule/make_schedule.h"

namespace echelon::parallel::testing {
namespace {

constexpr double kTimeout = 60, kSoon = 5;  // seconds

enum class Where { kInputs, kForward, kLoss, kReduction };

struct Failure {
  int rank;
  Where where;
};

/// Throws on one rank, in the third micro-batch.
class FailingWork : public ToyWork {
 public:
  FailingWork(const Toy& toy, nn::LayeredModel& model, ModelGradients& gradients, bool fails, Where where)
      : ToyWork(toy, model, &gradients, 0), fails_(fails), where_(where) {}

  nn::Activations inputs(int64_t micro_batch) override {
    fail_at(Where::kInputs, micro_batch);
    return ToyWork::inputs(micro_batch);
  }
  nn::Activations forward(size_t part, nn::Activations inputs, int64_t micro_batch) override {
    fail_at(Where::kForward, micro_batch);
    return ToyWork::forward(part, std::move(inputs), micro_batch);
  }
  at::Tensor loss(const nn::Activations& outputs, int64_t micro_batch) override {
    fail_at(Where::kLoss, micro_batch);
    return ToyWork::loss(outputs, micro_batch);
  }
  bool reduces_in_backward() const override { return true; }
  void begin_reduction(size_t part) override {
    fail_at(Where::kReduction, 2);
    ToyWork::begin_reduction(part);
  }

 private:
  void fail_at(Where where, int64_t micro_batch) const {
    if (fails_ && where == where_ && micro_batch == 2) throw DataError("sample 17 is broken");
  }

  bool fails_;
  Where where_;
};

/// Runs a step; what a rank throws it tells the others first, as the program does.
void run_step(Member& member, StageWork& work) {
  try {
    member.gradients().begin_step();
    member.runtime().train(work);
    member.gradients().finish_reduction();
  } catch (const std::exception& error) {
    member.groups().abort(error.what());
    member.groups().world().host.abort(error.what());
    throw;
  }
}

void expect_all_fail(const std::string& schedule, int pipeline, int replicas, Failure failure) {
  const Toy toy = tied();
  std::atomic<int> told{0};
  const Stopwatch watch;
  const auto body = [&](Communicator& world) {
    Member member(toy, {.schedule = schedule, .pipeline = pipeline, .replicas = replicas}, world);
    FailingWork work(toy, member.model(), member.gradients(), world.rank() == failure.rank, failure.where);
    try {
      run_step(member, work);
    } catch (const CommError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("sample 17 is broken"));
      ++told;
      throw;
    }
  };
  EXPECT_THROW(run_ranks(pipeline * replicas, body, kTimeout), std::exception);
  EXPECT_LT(watch.seconds(), kSoon);
  EXPECT_EQ(told, pipeline * replicas - 1);
}

TEST(PipelineFailure, EndsTheStepOfAllRanks) {
  for (const std::string& schedule : schedule::names()) {
    expect_all_fail(schedule, 4, 1, {.rank = 0, .where = Where::kInputs});
    expect_all_fail(schedule, 4, 1, {.rank = 2, .where = Where::kForward});
    expect_all_fail(schedule, 4, 1, {.rank = schedule == "zb_v" ? 0 : 3, .where = Where::kLoss});
    expect_all_fail(schedule, 2, 2, {.rank = 3, .where = Where::kForward});
    expect_all_fail(schedule, 2, 2, {.rank = 1, .where = Where::kReduction});
  }
}

}  // namespace
}  // namespace echelon::parallel::testing
