#include "data/image/mix_batch.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/error.h"
#include "common/random.h"
#include "data/loader.h"

namespace echelon::data {
namespace {

constexpr int64_t kSamples = 29, kGlobalBatch = 8, kClasses = 5, kSide = 6, kChannels = 3, kSteps = 6;

/// Images whose numbers are a function of (index, key); the class is the index modulo the classes.
class NoiseImages : public Dataset {
 public:
  explicit NoiseImages(std::set<int64_t> damaged = {}, bool only_targets = false)
      : damaged_(std::move(damaged)), only_targets_(only_targets) {}

  int64_t size() const override { return kSamples; }
  Batch allocate(int64_t samples, at::ScalarType dtype, bool) const override {
    Batch batch;
    if (!only_targets_) batch.inputs["image"] = at::empty({samples, kChannels, kSide, kSide}, dtype);
    batch.target = at::full({samples}, int64_t{1} << 40, at::kLong);  // a row that is read unloaded is seen
    return batch;
  }
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override {
    if (damaged_.contains(index)) throw DataError("damaged");
    batch.target.mutable_data_ptr<int64_t>()[row] = index % kClasses;
    if (only_targets_) return;
    RandomStream random(derive_key(key, static_cast<uint64_t>(index)));
    auto* numbers = batch.inputs.at("image").mutable_data_ptr<double>() + row * kChannels * kSide * kSide;
    for (int64_t i = 0; i < kChannels * kSide * kSide; ++i) numbers[i] = random.normal();
  }

 private:
  std::set<int64_t> damaged_;
  bool only_targets_;
};

LoaderOptions options(double mixup, double cutmix) {
  LoaderOptions o;
  o.global_batch = o.micro_batch = kGlobalBatch;
  o.seed = 7;
  o.threads = 0;
  o.dtype = at::kDouble;
  o.mix = {.alphas = {mixup, cutmix}, .size = {kSide, kSide}, .classes = kClasses};
  return o;
}

struct Read {
  std::vector<at::Tensor> images, targets;  ///< of each step, the global batch
  int64_t skipped = 0;
};

/// What a job of `world_size` ranks reads in steps [first_step, kSteps).
Read job(LoaderOptions base, const std::shared_ptr<const Dataset>& dataset, int64_t first_step = 0) {
  std::vector<std::unique_ptr<TrainLoader>> ranks;
  for (base.rank = 0; base.rank < base.world_size; ++base.rank)
    ranks.push_back(std::make_unique<TrainLoader>(dataset, base, first_step * kGlobalBatch));
  Read read;
  const int64_t micro_batches = kGlobalBatch / base.world_size / base.micro_batch;
  for (int64_t step = first_step; step < kSteps; ++step) {
    std::vector<at::Tensor> images, targets;
    for (auto& rank : ranks) {
      for (int64_t i = 0; i < micro_batches; ++i) {
        const Batch batch = rank->next();
        EXPECT_EQ(batch.samples, base.micro_batch);
        EXPECT_EQ(batch.targets, base.micro_batch);
        EXPECT_EQ(batch.all_targets(), base.micro_batch);
        targets.push_back(batch.target);
        if (const auto image = batch.inputs.find("image"); image != batch.inputs.end())
          images.push_back(image->second);
      }
    }
    if (!images.empty()) read.images.push_back(at::cat(images));
    read.targets.push_back(at::cat(targets));
  }
  for (const auto& rank : ranks) read.skipped += rank->skipped();
  return read;
}

void expect_equal(const std::vector<at::Tensor>& expected, const std::vector<at::Tensor>& found,
                  int64_t first_step, const std::string& what) {
  ASSERT_EQ(found.size() + first_step, expected.size()) << what;
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_TRUE(found[i].equal(expected[i + first_step])) << what << ", step " << i + first_step;
}

/// Every cut of the global batch into ranks and micro-batches, on changing numbers of threads.
void expect_the_same_over_all_splits(const LoaderOptions& base,
                                     const std::shared_ptr<const Dataset>& dataset) {
  const Read whole = job(base, dataset);
  int combination = 0;
  for (const int world_size : {1, 2, 4, 8}) {
    for (const int64_t micro_batch : {1, 2, 4, 8}) {
      if (micro_batch * world_size > kGlobalBatch) continue;
      for (int64_t restart = 0; restart < kSteps; ++restart) {
        LoaderOptions o = base;
        o.world_size = world_size;
        o.micro_batch = micro_batch;
        o.threads = combination % 4;
        o.prefetch = 1 + combination++ % 5;
        const std::string what =
            str_format("{} ranks, micro-batches of {}, restart at {}", world_size, micro_batch, restart);
        const Read read = job(o, dataset, restart);
        expect_equal(whole.images, read.images, restart, what);
        expect_equal(whole.targets, read.targets, restart, what);
        if (restart == 0) {
          EXPECT_EQ(read.skipped, whole.skipped) << what;
        }
      }
    }
  }
}

TEST(MixBatch, IsTheSameHoweverTheGlobalBatchIsSpread) {
  for (const auto& [mixup, cutmix] : {std::pair{0.4, 0.0}, {0.0, 1.0}, {0.2, 1.0}})
    expect_the_same_over_all_splits(options(mixup, cutmix), std::make_shared<NoiseImages>());
}

TEST(MixBatch, IsTheSameWhereDamagedSamplesAreReplaced) {
  LoaderOptions o = options(0.4, 1.0);
  o.on_error = OnError::kSkip;
  expect_the_same_over_all_splits(o, std::make_shared<NoiseImages>(std::set<int64_t>{2, 3, 11, 17, 28}));
}

// The definition, written out on batches that are loaded without mixing.
TEST(MixBatch, MixesEachSampleWithTheOneBeforeIt) {
  for (const auto& [mixup, cutmix] : {std::pair{0.7, 0.0}, {0.0, 1.0}, {0.5, 0.5}}) {
    const auto dataset = std::make_shared<NoiseImages>();
    const Read plain = job(options(0, 0), dataset), mixed = job(options(mixup, cutmix), dataset);
    std::set<image::BatchMix::Kind> kinds;
    for (size_t step = 0; step < kSteps; ++step) {
      RandomStream random = image::mix_stream(7, step);
      const image::BatchMix mix = image::draw_mix({mixup, cutmix}, {kSide, kSide}, random);
      kinds.insert(mix.kind);
      const at::Tensor own = plain.images[step], before = own.roll(1, 0);
      at::Tensor expected = own.clone();
      if (mix.kind == image::BatchMix::Kind::kMixup) {
        expected = before * (1 - mix.weight) + own * mix.weight;
      } else {
        const auto box = [&](const at::Tensor& images) {
          return images.slice(2, mix.box.top, mix.box.top + mix.box.height)
              .slice(3, mix.box.left, mix.box.left + mix.box.width);
        };
        box(expected).copy_(box(before));
      }
      EXPECT_TRUE(at::allclose(mixed.images[step], expected, 0, 1e-15));
      const at::Tensor labels = at::one_hot(plain.targets[step], kClasses).to(at::kFloat);
      const at::Tensor probabilities = labels * mix.weight + labels.roll(1, 0) * (1 - mix.weight);
      EXPECT_EQ(mixed.targets[step].scalar_type(), at::kFloat);
      EXPECT_TRUE(at::allclose(mixed.targets[step], probabilities, 0, 1e-6));
    }
    EXPECT_EQ(kinds.size(), mixup > 0 && cutmix > 0 ? 2 : 1);
  }
}

// The last stage of a pipeline reads no images.
TEST(MixBatch, TargetsAloneAreTheSame) {
  const Read whole = job(options(0.3, 1.0), std::make_shared<NoiseImages>());
  LoaderOptions o = options(0.3, 1.0);
  o.world_size = 2;
  o.micro_batch = 2;
  const Read targets = job(o, std::make_shared<NoiseImages>(std::set<int64_t>{}, /*only_targets=*/true));
  expect_equal(whole.targets, targets.targets, 0, "targets");
}

// Mixing begins only when all rows are there; the partner's error is the batch's.
TEST(MixBatch, ADamagedPartnerIsAnError) {
  LoaderOptions o = options(0.3, 0);
  o.shuffle.enabled = false;
  o.world_size = 2;
  o.micro_batch = 4;
  for (o.threads = 0; o.threads < 4; ++o.threads) {
    const auto dataset = std::make_shared<NoiseImages>(std::set<int64_t>{3});
    for (o.rank = 0; o.rank < 2; ++o.rank) {
      TrainLoader loader(dataset, o, 0);
      EXPECT_THROW(loader.next(), DataError);  // 3 is a sample of rank 0 and the partner of rank 1's first
      EXPECT_EQ(loader.next().samples, 4);
    }
  }
}

TEST(MixBatch, EvaluationNeverMixes) {
  EvaluationLoader loader(std::make_shared<NoiseImages>(), options(0.3, 1.0));
  const Batch batch = loader.next();
  EXPECT_EQ(batch.samples, kGlobalBatch);
  EXPECT_EQ(batch.target.scalar_type(), at::kLong);
  EXPECT_EQ(batch.inputs.at("image").size(0), kGlobalBatch);
}

}  // namespace
}  // namespace echelon::data
