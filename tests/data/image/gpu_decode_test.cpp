// decode: gpu through the whole loader, with a decoder that works in host memory in place of the GPU.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "common/file.h"
#include "config/config.h"
#include "data/arrival_memory.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "data/support/tar_writer.h"
#include "image/gpu/raw_decoder.h"
#include "temporary_folder.h"

namespace echelon::data {

struct DecodingJob {
  DataSettings data;
};
void describe(config::Fields<DecodingJob>& f) {
  f.add("data", &DecodingJob::data, "What is trained on.").required();
}

namespace {

using ::testing::HasSubstr;

constexpr int64_t kSamples = 12;

class GpuDecode : public testing::Test {
 protected:
  GpuDecode() {
    const std::vector<std::string> names{"colour.jpg", "uneven_420.jpg", "turned_6.jpg", "colour.png"};
    std::string shard;
    for (int64_t i = 0; i < kSamples; ++i) {
      const std::string bytes = read_file(ECHELON_SOURCE_DIR "/tests/image/golden/" + names[i % 4]);
      shard += tar_entry(str_format("{}.jpg", i), i == 5 ? bytes.substr(0, bytes.size() / 2) : bytes);
      shard += tar_entry(str_format("{}.cls", i), "1");
    }
    write_bytes(folder_ / "a.tar", shard + tar_end());
  }

  DataSettings settings(const std::string& more) {
    write_bytes(
        folder_ / "job.yaml",
        str_format("data: {{name: images, train: a.tar, test: a.tar, size: 24, threads: 3, on_error: skip, "
                   "{}}}\n",
                   more));
    return config::load<DecodingJob>(folder_ / "job.yaml").value.data;
  }

  std::string problem(const std::string& more) {
    try {
      settings(more);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  }

  OpenRequest request(Split split) {
    return {.split = split, .model = {.limit = 2}, .gpu_decoder = decoder_};
  }

  Batch first_training_batch(const DataSettings& settings) {
    LoaderOptions options = loader_options(settings);
    options.global_batch = options.micro_batch = kSamples;
    return TrainLoader(open_dataset(settings, request(Split::kTrain)), options, 0).next();
  }

  Batch test_batch(const DataSettings& settings) {
    LoaderOptions options = loader_options(settings);
    options.micro_batch = kSamples;
    return EvaluationLoader(open_dataset(settings, request(Split::kTest)), options).next();
  }

  TemporaryFolder folder_;
  std::shared_ptr<image::RawDecoder> decoder_ = std::make_shared<image::RawDecoder>();
};

TEST_F(GpuDecode, MakesTheBatchesOfTheCpu) {
  const std::string augment = "augment: {crop: random_resized, flip: true}";
  const Batch expected = first_training_batch(settings(augment));
  EXPECT_EQ(decoder_->decoded() + decoder_->uploaded(), 0);
  const Batch found = first_training_batch(settings("decode: gpu, " + augment));
  EXPECT_TRUE(at::equal(found.inputs.at("image"), expected.inputs.at("image")));
  EXPECT_TRUE(at::equal(found.target, expected.target));
  EXPECT_GE(decoder_->decoded(), kSamples * 3 / 4 - 1);  // three of four are JPEG, one of which is damaged
  EXPECT_GE(decoder_->uploaded(), kSamples / 4);
}

TEST_F(GpuDecode, LeavesDamagedSamplesOutOfEvaluation) {
  const Batch expected = test_batch(settings("decode: cpu")), found = test_batch(settings("decode: gpu"));
  EXPECT_EQ(found.samples, kSamples - 1);
  EXPECT_TRUE(at::equal(found.inputs.at("image"), expected.inputs.at("image")));
  EXPECT_GT(decoder_->decoded(), 0);
}

TEST_F(GpuDecode, IsDoneByTheCpuWhereNoGpuIsOffered) {
  const DataSettings gpu = settings("decode: gpu");
  const Batch expected = test_batch(gpu);
  decoder_ = nullptr;
  EXPECT_TRUE(at::equal(test_batch(gpu).inputs.at("image"), expected.inputs.at("image")));
}

TEST_F(GpuDecode, RefusesWhatOnlyTheCpuDoesToPixels) {
  for (const std::string augment : {"color_jitter: {hue: 0.1}", "grayscale: 0.1", "rand_augment: 9",
                                    "erase: 0.25", "mixup: 0.2", "cutmix: 1.0"}) {
    EXPECT_EQ(problem(str_format("augment: {{{}}}", augment)), "accepted");
    EXPECT_THAT(problem(str_format("decode: gpu, augment: {{{}}}", augment)),
                HasSubstr(str_format("data.augment.{}", augment.substr(0, augment.find(':')))))
        << augment;
  }
  EXPECT_EQ(problem("decode: gpu, augment: {crop: random_resized, flip: true, vertical_flip: true}"),
            "accepted");
}

TEST(ArrivalMemory, OfTheCpuIsMemoryLikeAnyOther) {
  const at::Tensor tensor = ArrivalMemory(at::kCPU).allocate({2, 3}, at::kHalf);
  EXPECT_EQ(tensor.sizes(), (at::IntArrayRef{2, 3}));
  EXPECT_EQ(tensor.scalar_type(), at::kHalf);
}

}  // namespace
}  // namespace echelon::data
