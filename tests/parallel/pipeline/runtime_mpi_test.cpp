// A pipeline of real processes computes what one rank computes.
#include <gtest/gtest.h>

#include "common/format.h"
#include "mpi_world.h"
#include "parallel/pipeline/members.h"
#include "schedule/make_schedule.h"

namespace echelon::parallel::testing {
namespace {

using echelon::testing::world;

constexpr double kTolerance = 1e-12;
constexpr int kSteps = 2;

/// Each rank compares what it has itself.
void expect_agreement(const Toy& toy, const Shape& shape) {
  const std::vector<Step> expected = train_alone(toy, shape.replicas * shape.micro_batches, kSteps);
  SharedSteps found(kSteps);
  train_together(toy, shape, world(), found);
  for (size_t i = 0; i < kSteps; ++i) {
    const std::string what = str_format("{}, step {}", describe(toy, shape), i);
    if (world().rank() == 0) {
      EXPECT_NEAR(found.losses[i], expected[i].loss, kTolerance) << what;
    }
    for (const auto& [name, parameter] : found.parameters[i].values())
      expect_near({{name, parameter}}, {{name, expected[i].parameters.at(name)}}, kTolerance, what);
  }
}

TEST(PipelineProcesses, AgreeWithOneRank) {
  ASSERT_EQ(world().size(), 4);
  for (const std::string& schedule : schedule::names()) {
    for (const Toy& toy : {unet(), text_with_mask(), tied()}) {
      expect_agreement(toy, {.schedule = schedule, .pipeline = 4});
      expect_agreement(toy, {.schedule = schedule, .pipeline = 2, .replicas = 2, .shard = true});
    }
  }
}

}  // namespace
}  // namespace echelon::parallel::testing
