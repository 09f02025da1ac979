// What each setting of data.augment does to a sample, against the operations of the image module.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file.h"
#include "config/config.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "data/support/tar_writer.h"
#include "temporary_folder.h"

namespace echelon::data {

struct AugmentedJob {
  DataSettings data;
};
void describe(config::Fields<AugmentedJob>& f) {
  f.add("data", &AugmentedJob::data, "What is trained on.").required();
}

namespace {

constexpr int64_t kSamples = 200, kSide = 12;

class Augmentation : public testing::Test {
 protected:
  Augmentation() {
    const std::string image = read_file(ECHELON_SOURCE_DIR "/tests/image/golden/colour.png");
    std::string shard;
    for (int64_t i = 0; i < kSamples; ++i) {
      shard += tar_entry(str_format("{}.png", i), image);
      shard += tar_entry(str_format("{}.cls", i), i % 2 == 0 ? "0" : "1");
    }
    write_bytes(folder_ / "a.tar", shard + tar_end());
  }

  /// All samples of the first epoch, [samples, channel, height, width].
  at::Tensor images(const std::string& augment) {
    write_bytes(
        folder_ / "job.yaml",
        str_format("data: {{name: images, train: a.tar, size: {}, augment: {{{}}}}}\n", kSide, augment));
    const DataSettings settings = config::load<AugmentedJob>(folder_ / "job.yaml").value.data;
    LoaderOptions options = loader_options(settings);
    options.global_batch = options.micro_batch = kSamples;
    options.mix.classes = 2;
    TrainLoader loader(open_dataset(settings, {.model = {.limit = 2}}), options, 0);
    const Batch batch = loader.next();
    target_ = batch.target;
    return batch.inputs.at("image");
  }

  /// The share of samples that equal `expected`.
  static double share(const at::Tensor& images, const at::Tensor& expected) {
    return images.eq(expected).flatten(1).all(1).to(at::kDouble).mean().item<double>();
  }

  TemporaryFolder folder_;
  at::Tensor target_;
};

TEST_F(Augmentation, IsOffByDefault) {
  const at::Tensor plain = images("");
  EXPECT_EQ(share(plain, plain[0]), 1);
  EXPECT_NE(share(plain, plain.flip({3})), 1) << "the image shows what is turned";
  EXPECT_EQ(target_.scalar_type(), at::kLong);
}

// Of 200 draws of probability 1/2 the share lies within 0.15 of it but once in 40,000 seeds.
TEST_F(Augmentation, Flips) {
  const at::Tensor plain = images("")[0];
  for (const auto& [name, axis] : {std::pair{"flip", 2}, {"vertical_flip", 1}}) {
    const at::Tensor half = images(str_format("{}: true", name));
    EXPECT_NEAR(share(half, plain.flip({axis})), 0.5, 0.15);
    EXPECT_NEAR(share(half, plain), 0.5, 0.15);
    EXPECT_EQ(share(images(str_format("{}: {{probability: 1}}", name)), plain.flip({axis})), 1);
    EXPECT_EQ(share(images(str_format("{}: false", name)), plain), 1);
  }
}

TEST_F(Augmentation, Grayscale) {
  const at::Tensor grey = images("grayscale: 1");
  EXPECT_TRUE(grey.select(1, 0).equal(grey.select(1, 2)));
  const at::Tensor plain = images("")[0];
  // Luma of ITU-R 601, to a level of 255.
  const at::Tensor luma = plain[0] * 0.299 + plain[1] * 0.587 + plain[2] * 0.114;
  EXPECT_TRUE(at::allclose(grey[5][0], luma, 0, 1.01 / 255));
  EXPECT_NEAR(share(images("grayscale: 0.3"), plain), 0.7, 0.15);
}

// Factors up to 1 + 0.5 and down to 1 - 0.5, in steps of 1/255.
TEST_F(Augmentation, ColorJitter) {
  const at::Tensor plain = images("")[0], jittered = images("color_jitter: {brightness: 0.5}");
  const at::Tensor ratio = jittered.sum({1, 2, 3}) / plain.sum();
  EXPECT_GT(ratio.min().item<double>(), 0.48);
  EXPECT_LT(ratio.min().item<double>(), 0.55);
  EXPECT_GT(ratio.max().item<double>(), 1.2);  // bright pixels saturate
  EXPECT_LE(ratio.max().item<double>(), 1.5);
  const at::Tensor some = images("color_jitter: {brightness: 0.5, probability: 0.25}");
  EXPECT_NEAR(share(some, plain), 0.75, 0.15);
  EXPECT_LT(share(images("color_jitter: {hue: 0.5}"), plain), 0.1);
  EXPECT_LT(share(images("color_jitter: {saturation: 0.5, contrast: 0.5}"), plain), 0.1);
}

// Two of fourteen operations, of which Identity is one: (1/14)² of samples stay in any case.
TEST_F(Augmentation, RandAugment) {
  const at::Tensor plain = images("")[0];
  const double weak = share(images("rand_augment: {operations: 1, magnitude: 0}"), plain);
  const double strong = share(images("rand_augment: {operations: 1, magnitude: 30}"), plain);
  // At magnitude 0 all but AutoContrast, Equalize, Posterize (8 bits remain) and Solarize change nothing.
  EXPECT_NEAR(weak, 12.0 / 14, 0.1);
  EXPECT_NEAR(strong, 1.0 / 14, 0.06);
  EXPECT_TRUE(
      images("rand_augment: 9").equal(images("rand_augment: {operations: 2, magnitude: 9, bins: 31}")));
}

TEST_F(Augmentation, Erase) {
  const at::Tensor plain = images("")[0];
  const at::Tensor erased = images("erase: {probability: 1, scale: [0.2, 0.2], ratio: [1, 1], value: 5}");
  const auto side = std::lround(std::sqrt(0.2 * kSide * kSide));
  EXPECT_TRUE(erased.eq(5).sum({1, 2, 3}).eq(3 * side * side).all().item<bool>());
  EXPECT_TRUE(at::where(erased.eq(5), plain.expand_as(erased), erased).equal(plain.expand_as(erased)));
  EXPECT_NEAR(share(images("erase: 0.4"), plain), 0.6, 0.15);
  const at::Tensor three = images("erase: {probability: 1, value: [2, 3, 4]}");
  EXPECT_TRUE(three.select(1, 1).eq(3).equal(three.select(1, 2).eq(4)));
  const at::Tensor noise = images("erase: {probability: 1, noise: true}");
  EXPECT_LT(noise.min().item<double>(), -1);
}

TEST_F(Augmentation, MixesTheClasses) {
  for (const char* mix : {"mixup: 0.8", "cutmix: 1", "mixup: {alpha: 0.2}, cutmix: {alpha: 1}"}) {
    images(mix);
    EXPECT_EQ(target_.sizes(), (at::IntArrayRef{kSamples, 2}));
    EXPECT_TRUE(at::allclose(target_.sum(1), at::ones({kSamples}), 0, 1e-6));
  }
  images("mixup: 0");
  EXPECT_EQ(target_.scalar_type(), at::kLong);
}

}  // namespace
}  // namespace echelon::data
