#include "data/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "config/config.h"
#include "data/support/tar_writer.h"
#include "temporary_folder.h"

namespace echelon::data {

struct Job {
  DataSettings data;
};
void describe(config::Fields<Job>& f) {
  f.add("data", &Job::data, "What is trained on.").required();
}

namespace {

using testing::HasSubstr;

class DataSettingsTest : public testing::Test {
 protected:
  DataSettingsTest() {
    for (const char* name : {"train-000.tar", "train-001.tar", "text.txt"}) write_bytes(folder_ / name, "x");
  }
  DataSettings load(const std::string& yaml) {
    write_bytes(folder_ / "job.yaml", "data: {" + yaml + "}\n");
    return config::load<Job>(folder_ / "job.yaml").value.data;
  }
  std::string problems(const std::string& yaml) {
    try {
      load(yaml);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }
  TemporaryFolder folder_;
};

TEST_F(DataSettingsTest, ReadsImages) {
  const auto s = std::get<ImageSettings>(
      load("name: images, train: ['train-{000..001}.tar'], channels: 1, size: 28, resize: 32, mean: [0.1], "
           "std: [0.3], threads: 2, "
           "prefetch: 3, on_error: skip, shuffle: false, augment: {crop: shift, shift: 1, flip: true}"));
  EXPECT_EQ(s.train.at(0).path, folder_ / "train-{000..001}.tar");
  EXPECT_TRUE(s.test.empty());
  EXPECT_EQ(s.channels, 1);
  EXPECT_EQ(s.size, 28);
  EXPECT_EQ(s.resize, 32);
  EXPECT_EQ(s.augment.crop, Crop::kShift);
  EXPECT_EQ(s.augment.shift, 1);
  EXPECT_EQ(s.augment.flip->probability, 0.5);
  const DataSettings held(s);
  const LoadingSettings& loading = loading_settings(held);
  EXPECT_EQ(loading.threads, 2);
  EXPECT_EQ(loading.prefetch, 3);
  EXPECT_FALSE(loading.shuffle.enabled);
  EXPECT_EQ(loading.on_error, OnError::kSkip);
}

TEST_F(DataSettingsTest, ReadsAugmentation) {
  const auto s = std::get<ImageSettings>(
      load("name: images, train: train-000.tar, augment: {flip: {probability: 0.25}, vertical_flip: true, "
           "color_jitter: {brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1, probability: 0.8}, "
           "grayscale: 0.2, rand_augment: {operations: 3, magnitude: 7, bins: 11}, erase: {probability: 0.1, "
           "value: [1, 2, 3]}, mixup: 0.2, cutmix: {alpha: 1}}"));
  const AugmentSettings& augment = s.augment;
  EXPECT_EQ(augment.flip->probability, 0.25);
  EXPECT_TRUE(augment.vertical_flip->enabled);
  EXPECT_EQ(augment.color_jitter->contrast, 0.3);
  EXPECT_EQ(augment.color_jitter->probability, 0.8);
  EXPECT_EQ(augment.rand_augment->bins, 11);
  EXPECT_EQ(augment.erase->value, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(augment.mixup.alpha, 0.2);
  EXPECT_TRUE(augment.mixes());
  const auto none = std::get<ImageSettings>(load("name: images, train: train-000.tar")).augment;
  EXPECT_FALSE(none.flip || none.vertical_flip || none.color_jitter || none.rand_augment || none.erase);
  EXPECT_FALSE(none.mixes());
}

TEST_F(DataSettingsTest, RefusesAugmentationThatMakesNoSense) {
  const auto problem = [&](const std::string& augment, const std::string& more = "") {
    return problems("name: images, train: train-000.tar, augment: {" + augment + "}" + more);
  };
  EXPECT_THAT(problem("flip: {enabled: false, probability: 0.2}"),
              HasSubstr("flip.probability: has no effect where enabled is false"));
  EXPECT_THAT(problem("flip: {probability: 1.5}"), HasSubstr("flip.probability: must be"));
  EXPECT_THAT(problem("color_jitter: {}"), HasSubstr("color_jitter: changes nothing"));
  EXPECT_THAT(problem("color_jitter: {hue: 0.6}"), HasSubstr("color_jitter.hue: must be"));
  EXPECT_THAT(problem("rand_augment: {magnitude: 31}"),
              HasSubstr("rand_augment.magnitude: must be below bins (31)"));
  EXPECT_THAT(problem("erase: {scale: [0.5, 0.1]}"), HasSubstr("erase.scale: must give the lower"));
  EXPECT_THAT(problem("erase: {value: 1, noise: true}"), HasSubstr("erase.value: contradicts noise"));
  EXPECT_THAT(problem("erase: {value: [1, 2]}"), HasSubstr("erase.value: has 2 numbers for 3 channels"));
  EXPECT_THAT(problem("mixup: -1"), HasSubstr("mixup.alpha: must be"));
  const std::string grey = "has no effect on images of one channel";
  EXPECT_THAT(problem("grayscale: 0.5", ", channels: 1"), HasSubstr("augment.grayscale: " + grey));
  EXPECT_THAT(problem("color_jitter: {saturation: 1}", ", channels: 1"), HasSubstr("saturation: " + grey));
}

TEST_F(DataSettingsTest, ReadsText) {
  const auto s =
      std::get<TextSettings>(load("name: text, train: text.txt, test: [text.txt], train_range: [0.0, 0.9], "
                                  "test_range: [0.9, 1.0], sequence_length: 64"));
  EXPECT_EQ(s.test.at(0).path, folder_ / "text.txt");
  EXPECT_EQ(s.train_range, (std::vector<double>{0.0, 0.9}));
  EXPECT_EQ(s.sequence_length, 64);
  EXPECT_EQ(s.format, TextFormat::kAuto);
  EXPECT_FALSE(s.tokenizer);
}

TEST_F(DataSettingsTest, ReadsSourcesWithTheirWeights) {
  const auto s = std::get<TextSettings>(
      load("name: text, sources: {web: {files: text.txt, weight: 0.7, limit: 10}, "
           "code: {files: [text.txt, text.txt], weight: 0.3, fraction: 0.5, stratified: true}}, "
           "shuffle: {shards: 4}, last_batch: pad"));
  ASSERT_EQ(s.sources.size(), 2);
  EXPECT_EQ(s.sources.at("web").files.at(0).path, folder_ / "text.txt");
  EXPECT_EQ(s.sources.at("web").weight, 0.7);
  EXPECT_EQ(s.sources.at("web").limit, 10);
  EXPECT_EQ(s.sources.at("code").files.size(), 2);
  EXPECT_EQ(s.sources.at("code").fraction, 0.5);
  EXPECT_TRUE(s.sources.at("code").stratified);
  EXPECT_TRUE(s.shuffle.enabled);
  EXPECT_EQ(s.shuffle.shards, 4);
  EXPECT_EQ(s.last_batch, LastBatch::kPad);
}

TEST_F(DataSettingsTest, RefusesTrainingDataSaidTwiceOrNotAtAll) {
  EXPECT_THAT(problems("name: text"), HasSubstr("train: is not set; name the training data"));
  EXPECT_THAT(problems("name: text, train: text.txt, sources: {a: {files: text.txt}}"),
              HasSubstr("train: contradicts sources"));
  EXPECT_THAT(problems("name: text, limit: 5, sources: {a: {files: text.txt}}"),
              HasSubstr("limit: contradicts sources"));
  EXPECT_THAT(problems("name: text, sources: {a: {files: text.txt, weight: 1}, b: {files: text.txt}}"),
              HasSubstr("sources: must all have a weight, or none"));
  EXPECT_THAT(problems("name: text, sources: {a: {files: other.txt}}"), HasSubstr("other.txt"));
  EXPECT_THAT(problems("name: text, sources: {a: {files: text.txt, weight: 0}}"), HasSubstr("weight"));
  EXPECT_THAT(problems("name: text, train: text.txt, stratified: true"),
              HasSubstr("stratified: has no effect without fraction or limit"));
  EXPECT_THAT(problems("name: text, train: text.txt, shuffle: {enabled: false, shards: 2}"),
              HasSubstr("shards: has no effect where enabled is false"));
}

TEST_F(DataSettingsTest, RefusesContradictionsAndMissingFiles) {
  const std::string images = "name: images, train: ['train-*.tar'], ",
                    text = "name: text, train: [text.txt], ";
  EXPECT_EQ(problems(images + "size: 8"), "none");
  EXPECT_THAT(problems("name: images, train: ['train-{000..002}.tar']"),
              HasSubstr("train-002.tar\": no such file"));
  EXPECT_THAT(problems("name: images, train: ['other-*.tar']"), HasSubstr("matches no file"));
  EXPECT_THAT(problems(images + "test: [missing]"), HasSubstr("test"));
  EXPECT_THAT(problems(images + "mean: [0.5, 0.5]"), HasSubstr("mean: has 2 numbers for 3 channels"));
  EXPECT_THAT(problems(images + "channels: 2"), HasSubstr("channels"));
  EXPECT_THAT(problems(images + "size: 64, resize: 32"), HasSubstr("resize: must be at least size (64)"));
  EXPECT_THAT(problems(images + "label_key: class"),
              HasSubstr("label_key: has no effect unless label_field is json"));
  EXPECT_THAT(problems(images + "augment: {shift: 1}"),
              HasSubstr("shift: has no effect unless crop is shift"));
  EXPECT_THAT(problems(images + "augment: {crop: random_resized, scale: [1.0, 0.5]}"),
              HasSubstr("lower number first"));
  EXPECT_THAT(problems(images + "on_error: ignore"), HasSubstr("on_error"));
  EXPECT_THAT(problems(text + "train_range: [0.5, 1.5]"), HasSubstr("train_range"));
  EXPECT_THAT(problems(text + "verify: true, format: bytes"), HasSubstr("verify: has no effect"));
  EXPECT_THAT(
      problems(text + "format: bytes, tokenizer: " + ECHELON_SOURCE_DIR "/tests/tokenizer/golden/plain.json"),
      HasSubstr("tokenizer: contradicts format"));
}

}  // namespace
}  // namespace echelon::data
