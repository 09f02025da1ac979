#include "predict/inference/batch_size.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/registry.h"

namespace echelon::predict {
namespace {

TEST(BatchSize, CountsWhatIsAliveBeforeAndAfterALayer) {
  const models::ModelSettings settings = models::with_table(models::MlpSettings{.hidden = {1000, 10}},
                                                            {.numbers = 20, .categories = {}, .classes = 3});
  const nn::ModelSpec spec = models::make_model(settings);
  const nn::Activations row{{"features", at::zeros({1, 20})}};
  // An activation of 1,000 numbers gives one of 1,000 numbers.
  EXPECT_EQ(bytes_of_row(spec, row), 4 * 2000);
  EXPECT_EQ(choose_batch(spec, row, 1 << 20), 8192) << "64 MiB / 8000 B is 8388.6";
  EXPECT_EQ(choose_batch(spec, row, 1000), 512) << "a power of two";
}

TEST(BatchSize, OfImagesIsThatOfTheFirstLayers) {
  const nn::ModelSpec spec = models::make_model(models::ResnetSettings{});
  const nn::Activations row{{"image", at::zeros({1, 3, 224, 224})}};
  // The first convolution gives 64 × 112 × 112 numbers, and its normalisation as many again.
  EXPECT_GE(bytes_of_row(spec, row), int64_t{4} * 64 * 112 * 112);
  EXPECT_LE(bytes_of_row(spec, row), int64_t{4} * 3 * 64 * 112 * 112);
  EXPECT_GE(choose_batch(spec, row, 64), 4);
}

TEST(BatchSize, IsAtLeastOne) {
  const nn::ModelSpec spec = models::make_model(models::ResnetSettings{});
  EXPECT_EQ(choose_batch(spec, {{"image", at::empty({1, 3, 4096, 4096}, at::kMeta)}}, 64), 1);
}

}  // namespace
}  // namespace echelon::predict
