#include "data/image/mix_batch.h"

#include <ATen/ATen.h>

#include "data/image/dataset.h"

namespace echelon::data {
namespace {

void mix_images(const image::BatchMix& mix, at::Tensor& images, int64_t samples) {
  const auto channels = static_cast<int>(images.size(1));
  const image::ImageSize size{images.size(2), images.size(3)};
  const image::ElementType type = element_type(images.scalar_type());
  auto* planes = static_cast<char*>(images.mutable_data_ptr());
  const int64_t stride = images.stride(0) * images.element_size();
  // From the last to the first: each partner is still as it was loaded.
  for (int64_t row = samples - 1; row >= 0; --row) {
    const int64_t partner = row > 0 ? row - 1 : samples;
    image::mix_planes(mix, channels, size, type, planes + row * stride, planes + partner * stride);
  }
  images = images.narrow(0, 0, samples);
}

at::Tensor mixed_targets(const image::BatchMix& mix, const at::Tensor& labels, int64_t samples,
                         int64_t classes) {
  const auto options = at::TensorOptions().dtype(at::kFloat).pinned_memory(labels.is_pinned());
  at::Tensor probabilities = at::empty({samples, classes}, options);
  const auto* label = labels.const_data_ptr<int64_t>();
  auto* rows = probabilities.mutable_data_ptr<float>();
  for (int64_t row = 0; row < samples; ++row) {
    const int64_t partner = row > 0 ? row - 1 : samples;
    image::mix_target(mix, label[row], label[partner], {rows + row * classes, static_cast<size_t>(classes)});
  }
  return probabilities;
}

}  // namespace

void mix_batch(const MixOptions& options, uint64_t seed, int64_t step, Batch& batch) {
  RandomStream random = image::mix_stream(seed, static_cast<uint64_t>(step));
  const image::BatchMix mix = image::draw_mix(options.alphas, options.size, random);
  if (const auto images = batch.inputs.find("image"); images != batch.inputs.end())
    mix_images(mix, images->second, batch.samples);
  batch.target = mixed_targets(mix, batch.target, batch.samples, options.classes);
}

}  // namespace echelon::data
