// No list of actions that the verifier passes hangs the runtime, or makes it compute something else. More
// lists with ECHELON_RANDOM_SCHEDULES, as the slow tier does.
#include "parallel/pipeline/random_schedules.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "comm/local/local.h"
#include "common/format.h"
#include "parallel/pipeline/members.h"
#include "schedule/csv.h"
#include "schedule/verify.h"

namespace echelon::parallel::testing {
namespace {

constexpr double kTolerance = 1e-12;
constexpr double kHangs = 10;  // seconds; a list takes milliseconds

size_t wanted_lists() {
  const char* text = std::getenv("ECHELON_RANDOM_SCHEDULES");
  return text == nullptr ? 300 : static_cast<size_t>(std::atoll(text));
}

/// One weight for each stage.
const Toy& toy_of(size_t stages) {
  static std::map<size_t, Toy> toys;
  const auto found = toys.find(stages);
  return found != toys.end() ? found->second : toys.emplace(stages, chain(stages)).first->second;
}

const Step& reference(size_t stages, int micro_batches) {
  static std::map<std::pair<size_t, int>, Step> known;
  const auto [place, is_new] = known.try_emplace({stages, micro_batches});
  if (is_new) place->second = train_alone(toy_of(stages), micro_batches, 1).front();
  return place->second;
}

struct Case {
  const Toy* toy;
  PipelineLayout layout;
  schedule::Report report;
  const Step* expected;
};

/// Those of `count` random lists for `ranks` ranks that the verifier passes.
std::vector<Case> sound_lists(Random& random, int ranks, size_t count, size_t& refused) {
  std::vector<Case> cases;
  while (cases.size() < count) {
    const schedule::Schedule schedule = disturbed_schedule(random, ranks);
    schedule::Report report = schedule::verify(schedule);
    if (!report.ok()) {
      ++refused;
      continue;
    }
    const auto stages = static_cast<size_t>(schedule.stages());
    const Toy& toy = toy_of(stages);
    cases.push_back(
        {&toy, layout_of(toy, schedule), std::move(report), &reference(stages, schedule.micro_batches)});
  }
  return cases;
}

/// Runs a list as one of its ranks; `gradients` takes those of all.
void run_list(const Case& list, Communicator& world, Assembly& gradients) {
  nn::LayeredModel model(list.toy->spec, parts_of(list.layout, world.rank(), list.toy->spec.layers.size()),
                         at::TensorOptions().dtype(at::kDouble), 5);
  PipelineRuntime runtime(model.spec(), list.layout.first_layers, list.layout.schedule,
                          RankGroup{world, world}, at::kCPU);
  ToyWork work(*list.toy, model, nullptr, 0);
  const at::Tensor loss = runtime.train(work);
  const auto rank = static_cast<size_t>(world.rank());
  EXPECT_EQ(runtime.most_in_flight(), list.report.of_rank[rank].until_weight);
  if (loss.defined()) {
    EXPECT_NEAR(loss.item<double>(), list.expected->loss, kTolerance);
  }
  for (const nn::NamedParameter& parameter : model.parameters())
    gradients.add(parameter.name, parameter.tensor.sizes(), 0, parameter.tensor.numel(),
                  parameter.tensor.grad());
}

TEST(RandomSchedules, RunToTheEndAndComputeTheSame) {
  Random random(1);
  size_t refused = 0;
  for (const int ranks : {1, 2, 3, 4}) {
    const std::vector<Case> lists = sound_lists(random, ranks, wanted_lists() / 4, refused);
    std::vector<Assembly> gradients(lists.size());
    size_t current = 0;
    try {
      run_ranks(
          ranks,
          [&](Communicator& world) {
            for (size_t i = 0; i < lists.size(); ++i) {
              world.barrier()->wait();
              if (world.rank() == 0) current = i;
              run_list(lists[i], world, gradients[i]);
            }
          },
          kHangs);
    } catch (const std::exception& error) {
      FAIL() << error.what() << "\n" << schedule::to_csv(lists[current].layout.schedule);
    }
    for (size_t i = 0; i < lists.size(); ++i)
      expect_near(gradients[i].values(), lists[i].expected->gradients, kTolerance,
                  str_format("list {} of {} ranks", i, ranks));
  }
  EXPECT_GT(refused, wanted_lists() / 10) << "the lists are hardly disturbed";
}

}  // namespace
}  // namespace echelon::parallel::testing
