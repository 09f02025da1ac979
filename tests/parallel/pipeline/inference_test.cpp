// Forward passes through a pipeline, without gradients.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "comm/local/local.h"
#include "common/format.h"
#include "parallel/pipeline/members.h"
#include "schedule/make_schedule.h"

namespace echelon::parallel::testing {
namespace {

/// Every third batch from `first_empty` on holds no sample.
class Batches : public InferenceWork {
 public:
  Batches(const Toy& toy, nn::LayeredModel& model, int64_t first_empty)
      : toy_(toy), model_(model), first_empty_(first_empty) {}

  bool is_empty(int64_t batch) const { return batch >= first_empty_ && (batch - first_empty_) % 3 == 0; }

  std::optional<nn::Activations> inputs(int64_t batch) override {
    if (is_empty(batch)) return std::nullopt;
    return toy_.inputs(batch);
  }
  nn::Activations forward(size_t part, nn::Activations inputs, int64_t batch) override {
    EXPECT_FALSE(is_empty(batch));
    return model_.forward(part, std::move(inputs), {.training = false});
  }
  void outputs(const nn::Activations& outputs, int64_t batch) override { found_[batch] = outputs; }

  const std::map<int64_t, nn::Activations>& found() const { return found_; }

 private:
  const Toy& toy_;
  nn::LayeredModel& model_;
  int64_t first_empty_;
  std::map<int64_t, nn::Activations> found_;
};

/// Fails the test where `work` has not found the outputs of all its batches and of no others.
void expect_outputs(const Toy& toy, const Batches& work, int64_t batches, const std::string& what) {
  const c10::NoGradGuard no_grad;
  nn::LayeredModel whole(toy.spec, at::TensorOptions().dtype(at::kDouble), 5);
  for (int64_t batch = 0; batch < batches; ++batch) {
    const auto found = work.found().find(batch);
    EXPECT_EQ(found == work.found().end(), work.is_empty(batch)) << what << " batch " << batch;
    if (found == work.found().end()) continue;
    for (const std::string& name : toy.spec.outputs) {
      const at::Tensor expected = whole.forward(toy.inputs(batch), {.training = false}).at(name);
      EXPECT_TRUE(at::equal(found->second.at(name), expected)) << what << " batch " << batch;
    }
  }
  EXPECT_TRUE(work.found().empty() || work.found().rbegin()->first < batches) << what;
}

class InferenceTest : public ::testing::TestWithParam<std::string> {};

TEST_P(InferenceTest, GivesWhatOneRankGives) {
  for (const Toy& toy : {unet(), text_with_mask()}) {
    for (const int pipeline : {1, 2, 4}) {
      run_ranks(pipeline, [&](Communicator& world) {
        Member member(toy, {.schedule = GetParam(), .pipeline = pipeline}, world);
        // None, fewer than stages, more; the first batch empty, some, and all but the first.
        for (const int64_t batches : {0, 1, 3, 20}) {
          for (const int64_t first_empty : {0, 1, 100}) {
            Batches work(toy, member.model(), first_empty);
            member.runtime().infer(work, batches);
            const std::string what =
                str_format("{} {} pipeline {} batches {}", toy.name, GetParam(), pipeline, batches);
            if (member.runtime().has_last_stage()) {
              expect_outputs(toy, work, batches, what);
            } else {
              EXPECT_TRUE(work.found().empty());
            }
          }
        }
        member.finalize();
      });
    }
  }
}

TEST_P(InferenceTest, LeavesTrainingAsItIs) {
  const Toy toy = tied();
  const Step expected = train_alone(toy, 6, 1).front();
  Assembly gradients;
  run_ranks(2, [&](Communicator& world) {
    Member member(toy, {.schedule = GetParam(), .pipeline = 2, .micro_batches = 6}, world);
    Batches before(toy, member.model(), 100), after(toy, member.model(), 2);
    member.runtime().infer(before, 3);
    member.differentiate();
    member.runtime().infer(after, 3);
    gradients.add_gradients(member.gradients());
    member.finalize();
  });
  expect_near(gradients.values(), expected.gradients, 1e-12, GetParam());
}

/// Whose outputs take longer than all else.
class SlowOutputs : public Batches {
 public:
  SlowOutputs(const Toy& toy, nn::LayeredModel& model, std::atomic<int64_t>& done, std::atomic<int64_t>& lead)
      : Batches(toy, model, 100), done_(done), lead_(lead) {}

  std::optional<nn::Activations> inputs(int64_t batch) override {
    lead_ = std::max<int64_t>(lead_, batch - done_);
    return Batches::inputs(batch);
  }
  void outputs(const nn::Activations&, int64_t batch) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    done_ = batch + 1;
  }

 private:
  std::atomic<int64_t>& done_;
  std::atomic<int64_t>& lead_;
};

TEST(Inference, DoesNotPileUpBeforeASlowStage) {
  constexpr int64_t kBatches = 50;
  Toy toy = chain(4);
  toy.inputs = [](int64_t) {  // larger than what a transport holds on the way
    return nn::Activations{{"x", at::ones({20'000, 3}, at::kDouble)}};
  };
  for (const char* schedule : {"1f1b", "interleaved"}) {
    std::atomic<int64_t> done{0}, lead{0};
    run_ranks(2, [&](Communicator& world) {
      Member member(toy, {.schedule = schedule, .pipeline = 2}, world);
      SlowOutputs work(toy, member.model(), done, lead);
      member.runtime().infer(work, kBatches);
      member.finalize();
    });
    EXPECT_EQ(done, kBatches);
    EXPECT_LT(lead, kBatches / 2) << schedule;
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, InferenceTest, ::testing::ValuesIn(schedule::names()),
                         [](const auto& info) { return info.param == "1f1b" ? "one_f_one_b" : info.param; });

}  // namespace
}  // namespace echelon::parallel::testing
