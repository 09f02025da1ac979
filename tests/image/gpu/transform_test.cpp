#include "image/gpu/transform.h"

#include <gmock/gmock.h>

#include <thread>

#include "image/gpu/raw_decoder.h"
#include "image/pixels.h"

namespace echelon::image {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// One of each subsampling, sizes that are no multiple of a block, scans of every kind, all orientations.
const std::vector<std::string> kForGpu = {
    "colour.jpg",     "progressive.jpg",  "restarts.jpg", "uneven_420.jpg", "uneven_422.jpg",
    "uneven_444.jpg", "two_pictures.jpg", "turned_1.jpg", "turned_2.jpg",   "turned_3.jpg",
    "turned_4.jpg",   "turned_5.jpg",     "turned_6.jpg", "turned_7.jpg",   "turned_8.jpg",
    "turned_xmp.jpg", "large.jpg"};

struct Made {
  std::vector<std::byte> planes;
  Placement placement;
  bool operator==(const Made& other) const {
    return planes == other.planes && placement.orientation == other.placement.orientation &&
           placement.geometry.box.left == other.placement.geometry.box.left &&
           placement.geometry.flip == other.placement.geometry.flip;
  }
};

template <class Transform>
Made made(const Transform& transform, const TransformOptions& options, const std::string& name, uint64_t key,
          ElementType type) {
  Made result;
  result.planes.resize(options.channels * options.size * options.size * element_size(type));
  result.placement = transform(golden(name), key, type, result.planes.data());
  return result;
}

TransformOptions training(int64_t size, int channels) {
  TransformOptions options{.size = size, .resize = size, .channels = channels};
  options.mean.assign(channels, 0.45);
  options.deviation.assign(channels, 0.25);
  options.augmentation =
      Augmentation{.crop = Augmentation::Crop::kRandomResized, .flip = 0.5, .flip_vertical = 0.5};
  return options;
}

TransformOptions evaluation(int64_t resize, int64_t size) {
  return {.size = size, .resize = resize, .channels = 3};
}

/// Expects that with `options` both ways of making samples of the files give the same bits, the GPU's decoder
/// doing the work wherever a JPEG is decoded at its full size.
void expect_same(const TransformOptions& options, ElementType type, uint64_t keys) {
  const auto decoder = std::make_shared<RawDecoder>();
  const GpuImageTransform gpu(options, decoder);
  const ImageTransform cpu(options);
  int whole = 0;
  for (const std::string& name : kForGpu) {
    for (uint64_t key = 0; key < keys; ++key) {
      const Made found = made(gpu, options, name, key, type), expected = made(cpu, options, name, key, type);
      ASSERT_TRUE(found == expected) << name << " " << key;
      whole += reduction_that_leaves_detail(expected.placement.geometry) == 1;
    }
  }
  EXPECT_EQ(decoder->decoded(), whole);
  EXPECT_GT(whole, static_cast<int>(keys * kForGpu.size() / 3));
}

// The CPU's own path, which Pillow and torchvision check, is the reference: it decodes, turns, resizes and
// normalises in other code. The same planes must give the same bits.
TEST(GpuImageTransform, MakesTheSamplesOfTheCpuFromTheSamePlanes) {
  expect_same(training(20, 3), ElementType::kFloat32, 20);
  expect_same(training(33, 1), ElementType::kUint8, 10);
  expect_same(evaluation(60, 48), ElementType::kUint8, 1);
  expect_same(evaluation(200, 200), ElementType::kUint8, 1);
}

TEST(GpuImageTransform, WritesEveryTypeOfNumber) {
  for (const ElementType type : {ElementType::kFloat16, ElementType::kBfloat16, ElementType::kFloat64})
    expect_same(training(24, 3), type, 2);
}

TEST(GpuImageTransform, ShiftsIntoBlackAsTheCpuDoes) {
  TransformOptions options = training(30, 3);
  options.augmentation = Augmentation{.crop = Augmentation::Crop::kShift, .shift = 25, .flip = 0.5};
  expect_same(options, ElementType::kFloat32, 20);
}

// What the reference makes of planes that are one level off, as another inverse cosine transform may leave
// them: luma changes a colour by one level, chroma by less than two, and resizing averages.
TEST(GpuImageTransform, StaysWithinTwoLevelsOfADecoderThatRoundsOtherwise) {
  class OffByOne final : public RawDecoder {
   public:
    bool decode(std::span<const uint8_t> encoded, const PlannedSample& sample, void* target) override {
      const RawPlanes planes(encoded);
      YccPlanes seen = planes.with_sizes(sample.planes());
      std::vector<uint8_t> luma(seen.pitch * seen.height);
      RandomStream random(7);
      for (size_t i = 0; i < luma.size(); ++i) {
        const int apart = random.uniform(0, 1) < 0.1 ? 1 : 0;  // far more often than libraries differ
        luma[i] = static_cast<uint8_t>(std::min(255, seen.luma[i] + apart));
      }
      seen.luma = luma.data();
      make_sample(sample, seen, target);
      return true;
    }
  };
  const TransformOptions options = evaluation(60, 60);
  const GpuImageTransform gpu(options, std::make_shared<OffByOne>());
  const Made found = made(gpu, options, "colour.jpg", 0, ElementType::kUint8);
  const Made expected = made(ImageTransform(options), options, "colour.jpg", 0, ElementType::kUint8);
  int most = 0;
  for (size_t i = 0; i < found.planes.size(); ++i)
    most = std::max(most, std::abs(static_cast<int>(found.planes[i]) - static_cast<int>(expected.planes[i])));
  EXPECT_GT(most, 0);
  EXPECT_LE(most, 2);
}

TEST(GpuImageTransform, LeavesToTheCpuWhatTheGpuWouldMakeOtherwise) {
  const TransformOptions options = training(20, 3);
  for (const std::string name : {"colour.png", "turned.webp", "grey.jpg", "cmyk.jpg", "ycck.jpg",
                                 "keep_rgb.jpg", "arithmetic.jpg", "sampled_4x1.jpg", "sampled_1x2.jpg",
                                 "sampled_2x1_1x1_2x1.jpg", "extraneous.jpg", "progressive_early.jpg"}) {
    const auto decoder = std::make_shared<RawDecoder>();
    const GpuImageTransform gpu(options, decoder);
    const ImageTransform cpu(options);
    EXPECT_TRUE(made(gpu, options, name, 3, ElementType::kFloat32) ==
                made(cpu, options, name, 3, ElementType::kFloat32))
        << name;
    EXPECT_EQ(decoder->decoded(), 0) << name;
    EXPECT_EQ(decoder->uploaded(), 1) << name;
  }
}

TEST(GpuImageTransform, LeavesJpegToTheCpuThatIsShrunkWhileItIsDecoded) {
  const TransformOptions options = evaluation(32, 32);
  const auto decoder = std::make_shared<RawDecoder>();
  const Made found = made(GpuImageTransform(options, decoder), options, "large.jpg", 0, ElementType::kUint8);
  EXPECT_EQ(decoder->decoded(), 0);
  EXPECT_TRUE(found == made(ImageTransform(options), options, "large.jpg", 0, ElementType::kUint8));
}

TEST(GpuImageTransform, LeavesToTheCpuWhatTheDecoderDoesNotTake) {
  const TransformOptions options = training(20, 3);
  const auto decoder = std::make_shared<RawDecoder>();
  decoder->refuse_all();
  const GpuImageTransform gpu(options, decoder);
  EXPECT_TRUE(made(gpu, options, "colour.jpg", 1, ElementType::kFloat32) ==
              made(ImageTransform(options), options, "colour.jpg", 1, ElementType::kFloat32));
  EXPECT_EQ(decoder->uploaded(), 1);
}

TEST(GpuImageTransform, RefusesDamageAsTheCpuDoes) {
  const GpuImageTransform gpu(evaluation(20, 20), std::make_shared<RawDecoder>());
  Bytes cut = golden("colour.jpg");
  cut.resize(cut.size() / 2);
  std::vector<float> planes(3 * 20 * 20);
  EXPECT_THAT([&] { gpu(cut, 0, ElementType::kFloat32, planes.data()); },
              ThrowsMessage<DataError>(HasSubstr("truncated")));
}

TEST(GpuImageTransform, RefusesChangesOfPixels) {
  TransformOptions options = training(20, 3);
  options.augmentation->grayscale = 0.5;
  EXPECT_THROW(GpuImageTransform(options, std::make_shared<RawDecoder>()), InternalError);
  options.augmentation->grayscale = 0;
  options.augmentation->erasing = RandomErasing{};
  EXPECT_THROW(GpuImageTransform(options, std::make_shared<RawDecoder>()), InternalError);
}

TEST(GpuImageTransform, ServesSeveralThreads) {
  const TransformOptions options = training(20, 3);
  const GpuImageTransform gpu(options, std::make_shared<RawDecoder>());
  const ImageTransform cpu(options);
  std::vector<Made> found(4);
  std::vector<std::thread> threads;
  for (uint64_t key = 0; key < found.size(); ++key) {
    threads.emplace_back(
        [&, key] { found[key] = made(gpu, options, "uneven_420.jpg", key, ElementType::kFloat32); });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint64_t key = 0; key < found.size(); ++key)
    EXPECT_TRUE(found[key] == made(cpu, options, "uneven_420.jpg", key, ElementType::kFloat32));
}

}  // namespace
}  // namespace echelon::image
