#include "train/sample_shapes.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace echelon::train {
namespace {

TEST(SampleBatch, OfTextHasTokensOfTheVocabulary) {
  TrainSettings settings;
  settings.model = models::GptSettings{.context = 32, .vocabulary = 10};
  data::TextSettings text;
  text.sequence_length = 16;
  settings.data = text;
  const SampleBatch batch = make_sample_batch(settings, 3, at::Device(at::kCPU));
  const at::Tensor& tokens = batch.inputs.at("tokens");
  EXPECT_EQ(tokens.sizes(), at::IntArrayRef({3, 16}));
  EXPECT_EQ(tokens.scalar_type(), at::kLong);
  EXPECT_LT(tokens.max().item<int64_t>(), 10);
  EXPECT_EQ(batch.targets.sizes(), at::IntArrayRef({3, 16}));
}

TEST(SampleBatch, OfImagesHasTheModelsShapeAndType) {
  TrainSettings settings;
  settings.model = models::ConvnetSettings{.input = {3, 28, 20}, .classes = 7};
  settings.data = data::ImageSettings();
  settings.precision = Precision::kFloat64;
  const SampleBatch batch = make_sample_batch(settings, 5, at::Device(at::kMeta));
  const at::Tensor& image = batch.inputs.at("image");
  EXPECT_TRUE(image.is_meta());
  EXPECT_EQ(image.sizes(), at::IntArrayRef({5, 3, 28, 20}));
  EXPECT_EQ(image.scalar_type(), at::kDouble);
  EXPECT_EQ(batch.targets.sizes(), at::IntArrayRef({5}));

  std::get<data::ImageSettings>(settings.data).augment.mixup.alpha = 0.2;
  const at::Tensor mixed = make_sample_batch(settings, 5, at::Device(at::kCPU)).targets;
  EXPECT_EQ(mixed.sizes(), at::IntArrayRef({5, 7}));
  EXPECT_TRUE(at::allclose(mixed.sum(1), at::ones({5})));
}

}  // namespace
}  // namespace echelon::train
