// Images that nvJPEG and our kernels make, beside those of the CPU.
#include <atomic>
#include <thread>

#include "cuda/gpu/gpu_ranks.h"
#include "image/gpu/transform.h"
#include "image/pixels.h"

namespace echelon::image {
namespace {

/// Counts what nvJPEG did itself.
class CountingDecoder final : public GpuDecoder {
 public:
  explicit CountingDecoder(std::shared_ptr<GpuDecoder> inner) : inner_(std::move(inner)) {}
  bool decode(std::span<const uint8_t> encoded, const PlannedSample& sample, void* target) override {
    const bool done = inner_->decode(encoded, sample, target);
    decoded_ += done;
    return done;
  }
  void upload(std::span<const std::byte> bytes, void* target) override { inner_->upload(bytes, target); }
  int decoded() const { return decoded_; }

 private:
  std::shared_ptr<GpuDecoder> inner_;
  std::atomic<int> decoded_ = 0;
};

std::shared_ptr<CountingDecoder> open_decoder() {
  if (cuda_lookup().module == nullptr) throw InternalError(cuda_lookup().why_not);
  std::string why_not;
  auto decoder = cuda_lookup().module->make_image_decoder(0, &why_not);
  if (!decoder) throw InternalError(why_not);
  return std::make_shared<CountingDecoder>(std::move(decoder));
}

TransformOptions training() {
  TransformOptions options{.size = 32, .resize = 32, .channels = 3};
  options.augmentation =
      Augmentation{.crop = Augmentation::Crop::kRandomResized, .flip = 0.5, .flip_vertical = 0.5};
  return options;
}

/// The sample as 8-bit levels.
at::Tensor on_gpu(const GpuImageTransform& transform, const TransformOptions& options, const Bytes& encoded,
                  uint64_t key) {
  const at::Tensor sample =
      at::empty({options.channels, options.size, options.size}, at::device(at::kCUDA).dtype(at::kByte));
  transform(encoded, key, ElementType::kUint8, sample.mutable_data_ptr());
  return sample.cpu().to(at::kInt);
}

at::Tensor on_cpu(const TransformOptions& options, const Bytes& encoded, uint64_t key) {
  const at::Tensor sample = at::zeros({options.channels, options.size, options.size}, at::kByte);
  const ImageTransform transform(options);
  transform(encoded, key, ElementType::kUint8, sample.mutable_data_ptr());
  return sample.to(at::kInt);
}

int64_t levels_apart(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<int>();
}

TEST(ImageDecoderOnGpu, IsWithinTwoLevelsOfTheCpu) {
  const TransformOptions options = training();
  const auto decoder = open_decoder();
  const GpuImageTransform gpu(options, decoder);
  for (const std::string name :
       {"colour.jpg", "progressive.jpg", "restarts.jpg", "uneven_420.jpg", "uneven_422.jpg", "uneven_444.jpg",
        "turned_2.jpg", "turned_3.jpg", "turned_5.jpg", "turned_6.jpg", "turned_8.jpg"}) {
    const Bytes encoded = golden(name);
    const int before = decoder->decoded();
    for (uint64_t key = 0; key < 20; ++key)
      EXPECT_LE(levels_apart(on_gpu(gpu, options, encoded, key), on_cpu(options, encoded, key)), 2)
          << name << " " << key;
    EXPECT_GT(decoder->decoded(), before) << name << " is left to the CPU";
  }
}

TEST(ImageDecoderOnGpu, LeavesToTheCpuWhatIsNotForIt) {
  const TransformOptions options = training();
  const auto decoder = open_decoder();
  const GpuImageTransform gpu(options, decoder);
  for (const std::string name :
       {"colour.png", "lossy.webp", "grey.jpg", "cmyk.jpg", "keep_rgb.jpg", "arithmetic.jpg",
        "sampled_4x1.jpg", "extraneous.jpg", "progressive_early.jpg"})
    EXPECT_EQ(levels_apart(on_gpu(gpu, options, golden(name), 1), on_cpu(options, golden(name), 1)), 0)
        << name;
  EXPECT_EQ(decoder->decoded(), 0);
}

// Codes that no table has: either nvJPEG refuses them, and the CPU makes the sample, or it makes the same.
TEST(ImageDecoderOnGpu, SurvivesDamageWithinAScan) {
  const TransformOptions options = training();
  const auto decoder = open_decoder();
  const GpuImageTransform gpu(options, decoder);
  for (const std::string name : {"colour.jpg", "progressive.jpg", "uneven_420.jpg"}) {
    Bytes damaged = golden(name);
    for (size_t i = damaged.size() / 2; i < damaged.size() / 2 + 8; ++i) damaged[i] = 0xfe;
    EXPECT_NO_THROW(on_gpu(gpu, options, damaged, 0)) << name;
    EXPECT_LE(levels_apart(on_gpu(gpu, options, golden(name), 0), on_cpu(options, golden(name), 0)), 2)
        << "the decoder works on after " << name;
  }
}

// The kernels alone: the same whole numbers as their reference, whatever nvJPEG makes of the file.
TEST(ImageDecoderOnGpu, WritesEveryTypeOfNumber) {
  const TransformOptions options = training();
  const GpuImageTransform gpu(options, open_decoder());
  const Bytes encoded = golden("uneven_420.jpg");
  const at::Tensor levels = on_gpu(gpu, options, encoded, 4);
  for (const auto& [type, scalar] : {std::pair{ElementType::kFloat32, at::kFloat},
                                     {ElementType::kFloat64, at::kDouble},
                                     {ElementType::kFloat16, at::kHalf},
                                     {ElementType::kBfloat16, at::kBFloat16}}) {
    const at::Tensor sample =
        at::empty({options.channels, options.size, options.size}, at::device(at::kCUDA).dtype(scalar));
    gpu(encoded, 4, type, sample.mutable_data_ptr());
    const at::Tensor expected =
        levels.to(at::kDouble).div(255).to(scalar == at::kDouble ? at::kDouble : at::kFloat).to(scalar);
    EXPECT_TRUE(at::equal(sample.cpu(), expected)) << c10::toString(scalar);
  }
}

TEST(ImageDecoderOnGpu, ServesSeveralThreads) {
  const TransformOptions options = training();
  const GpuImageTransform gpu(options, open_decoder());
  const Bytes encoded = golden("large.jpg");
  std::vector<at::Tensor> found(8);
  std::vector<std::thread> threads;
  for (uint64_t key = 0; key < found.size(); ++key)
    threads.emplace_back([&, key] { found[key] = on_gpu(gpu, options, encoded, key); });
  for (std::thread& thread : threads) thread.join();
  for (uint64_t key = 0; key < found.size(); ++key)
    EXPECT_LE(levels_apart(found[key], on_cpu(options, encoded, key)), 2) << key;
}

}  // namespace
}  // namespace echelon::image
