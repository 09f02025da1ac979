#include "data/image/dataset.h"

#include <ATen/ATen.h>

#include <array>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"

namespace echelon::data {
namespace {

class Labels final : public Dataset {
 public:
  explicit Labels(std::shared_ptr<const ImageSource> source) : source_(std::move(source)) {}
  int64_t size() const override { return source_->size(); }
  int64_t left_out() const override { return source_->left_out(); }
  std::vector<int64_t> blocks() const override { return source_->shard_starts(); }
  std::optional<int64_t> label(int64_t index) const override { return source_->label(index); }
  std::string place(int64_t index) const override { return source_->place(index); }
  std::vector<std::string> class_names() const override { return source_->class_names(); }
  Batch allocate(int64_t samples, at::ScalarType, bool pinned) const override {
    return {{}, at::empty({samples}, at::TensorOptions().dtype(at::kLong).pinned_memory(pinned)), 0};
  }
  void load(int64_t index, uint64_t, Batch& batch, int64_t row) const override {
    batch.target.mutable_data_ptr<int64_t>()[row] = source_->label(index);
  }

 private:
  std::shared_ptr<const ImageSource> source_;
};

double probability(const std::optional<FlipSettings>& flip) {
  return flip && flip->enabled ? flip->probability : 0;
}

image::ColorJitter color_jitter(const ColorJitterSettings& settings) {
  auto jitter = image::ColorJitter::from_strengths(settings.brightness, settings.contrast,
                                                   settings.saturation, settings.hue);
  jitter.probability = settings.probability;
  return jitter;
}

image::RandomErasing erasing(const EraseSettings& settings) {
  return {.probability = settings.probability,
          .area = {settings.scale[0], settings.scale[1]},
          .ratio = {settings.ratio[0], settings.ratio[1]},
          .value = settings.noise ? std::vector<double>{} : settings.value};
}

image::Augmentation augmentation(const AugmentSettings& settings) {
  using Crop = image::Augmentation::Crop;
  image::Augmentation result;
  result.crop = settings.crop == data::Crop::kRandomResized ? Crop::kRandomResized
                : settings.crop == data::Crop::kShift       ? Crop::kShift
                                                            : Crop::kNone;
  result.range = {settings.scale[0], settings.scale[1], settings.ratio[0], settings.ratio[1]};
  result.shift = settings.shift;
  result.flip = probability(settings.flip);
  result.flip_vertical = probability(settings.vertical_flip);
  if (settings.color_jitter) result.jitter = color_jitter(*settings.color_jitter);
  result.grayscale = settings.grayscale;
  if (const auto& chosen = settings.rand_augment)
    result.rand_augment = image::RandAugment{chosen->operations, chosen->magnitude, chosen->bins};
  if (settings.erase) result.erasing = erasing(*settings.erase);
  return result;
}

}  // namespace

image::ElementType element_type(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return image::ElementType::kFloat64;
    case at::kFloat:
      return image::ElementType::kFloat32;
    case at::kHalf:
      return image::ElementType::kFloat16;
    case at::kBFloat16:
      return image::ElementType::kBfloat16;
    case at::kByte:
      return image::ElementType::kUint8;
    default:
      throw InternalError(str_format("images of type {}", c10::toString(type)));
  }
}

image::TransformOptions transform_options(const ImageSettings& settings, bool augment) {
  image::TransformOptions options{.size = settings.size,
                                  .resize = settings.resize.value_or(settings.size),
                                  .channels = settings.channels,
                                  .mean = settings.mean,
                                  .deviation = settings.std};
  if (augment) options.augmentation = augmentation(settings.augment);
  return options;
}

void ImageDataset::decode_on(at::Device device, image::GpuImageTransform transform) {
  arrivals_.emplace(device);
  gpu_.emplace(std::move(transform));
}

Batch ImageDataset::allocate(int64_t samples, at::ScalarType dtype, bool pinned) const {
  const auto options = at::TensorOptions().pinned_memory(pinned);
  const std::array<int64_t, 4> shape{samples, transform_.channels(), transform_.size(), transform_.size()};
  Batch batch;
  batch.inputs["image"] =
      arrivals_ ? arrivals_->allocate(shape, dtype) : at::empty(shape, options.dtype(dtype));
  fields_.allocate(samples, dtype, pinned, batch);
  batch.target = at::empty({samples}, options.dtype(at::kLong));
  return batch;
}

void ImageDataset::load(int64_t index, uint64_t key, Batch& batch, int64_t row) const {
  thread_local std::vector<uint8_t> encoded;
  const at::Tensor& images = batch.inputs.at("image");
  auto* target =
      static_cast<char*>(images.mutable_data_ptr()) + row * images.stride(0) * images.element_size();
  try {
    batch.target.mutable_data_ptr<int64_t>()[row] = source_->label(index);
    read(index, encoded);
    const image::ElementType type = element_type(images.scalar_type());
    const image::Placement placement =
        gpu_ ? (*gpu_)(encoded, key, type, target) : transform_(encoded, key, type, target);
    fields_.load(*source_, index, placement, batch, row);
  } catch (const DataError& error) {
    throw DataError(str_format("{}: {}", source_->place(index), error.what()));
  }
}

void ImageDataset::read(int64_t index, std::vector<uint8_t>& encoded) const {
  const StageScope scope(LoadStage::kRead);
  source_->read(index, encoded);
  count_bytes_read(static_cast<int64_t>(encoded.size()));
}

std::string ImageSource::read_field(int64_t, std::string_view field) const {
  throw InternalError(str_format("a field .{} of samples that have none", field));
}

std::shared_ptr<const Dataset> ImageDataset::targets() const {
  return std::make_shared<Labels>(source_);
}

}  // namespace echelon::data
