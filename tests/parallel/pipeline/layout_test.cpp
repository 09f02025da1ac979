#include "parallel/pipeline/layout.h"

#include <gmock/gmock.h>

#include "parallel/pipeline/members.h"

namespace echelon::parallel {

inline bool operator==(const SharedParameters& a, const SharedParameters& b) {
  return a.places == b.places && a.names == b.names;
}

namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kEmbedding = "embed.weight", kOuter = "block.0.linear.weight",
                  kInner = "block.1.linear.weight";

TEST(PipelineLayout, GivesEachRankTheLayersOfItsStages) {
  const Toy toy = tied();
  const size_t layers = toy.spec.layers.size();
  for (const char* schedule : {"1f1b", "interleaved", "zb_v"}) {
    for (const int pipeline : {1, 2, 4}) {
      const PipelineLayout layout = layout_of(toy, {.schedule = schedule, .pipeline = pipeline});
      std::vector<int> places(layers, -1);
      for (int place = 0; place < pipeline; ++place) {
        for (const auto& [first, last] : parts_of(layout, place, layers)) {
          for (size_t layer = first; layer < last; ++layer) {
            EXPECT_EQ(places[layer], -1) << "layer " << layer << " is on two ranks";
            places[layer] = place;
          }
        }
      }
      for (size_t layer = 0; layer < layers; ++layer)
        EXPECT_EQ(places[layer], layout.place_of(stage_of_layer(layout, layer))) << schedule << " " << layer;
    }
  }
}

TEST(PipelineLayout, FindsTheParametersThatStagesShare) {
  const Toy toy = tied();
  const auto shared = [&](const char* schedule, int pipeline) {
    return shared_parameters(toy.spec, layout_of(toy, {.schedule = schedule, .pipeline = pipeline}));
  };
  EXPECT_THAT(shared("1f1b", 1), IsEmpty());
  EXPECT_THAT(shared("1f1b", 2), ElementsAre(SharedParameters{{0, 1}, {kEmbedding, kOuter, kInner}}));
  // Layers 0 and 1 | 2 and 3 | 4 and 5 | 6 to 8; ties of layers 0, 3 and 8, of 1 and 6, of 2 and 5.
  EXPECT_THAT(shared("1f1b", 4),
              ElementsAre(SharedParameters{{0, 1, 3}, {kEmbedding}}, SharedParameters{{0, 3}, {kOuter}},
                          SharedParameters{{1, 2}, {kInner}}));
  // The same stages on ranks 0, 1, 1, 0.
  EXPECT_THAT(shared("zb_v", 2),
              ElementsAre(SharedParameters{{0}, {kOuter}}, SharedParameters{{0, 1}, {kEmbedding}},
                          SharedParameters{{1}, {kInner}}));
}

}  // namespace
}  // namespace testing
}  // namespace echelon::parallel
