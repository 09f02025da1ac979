// Images with a class each, and with whatever else their samples hold.
#pragma once

#include <memory>

#include "data/arrival_memory.h"
#include "data/dataset.h"
#include "data/image/sample_fields.h"
#include "data/image/settings.h"
#include "data/image/source.h"
#include "image/gpu/transform.h"
#include "image/transform.h"

namespace echelon::data {

/// Throws InternalError for a type that images do not have.
image::ElementType element_type(at::ScalarType type);

/// `augment`: the random changes of training; else resize and central crop.
image::TransformOptions transform_options(const ImageSettings& settings, bool augment);

class ImageDataset final : public Dataset {
 public:
  /// `source` must have the fields that `fields` reads.
  ImageDataset(std::shared_ptr<const ImageSource> source, image::ImageTransform transform,
               SampleFields fields)
      : source_(std::move(source)), transform_(std::move(transform)), fields_(std::move(fields)) {}

  /// The "image" of batches is from now on in the memory of `device`, made by `transform`, which has the
  /// options of the one given before.
  void decode_on(at::Device device, image::GpuImageTransform transform);

  int64_t size() const override { return source_->size(); }
  int64_t left_out() const override { return source_->left_out(); }
  std::vector<int64_t> blocks() const override { return source_->shard_starts(); }
  std::optional<int64_t> label(int64_t index) const override { return source_->label(index); }
  std::string place(int64_t index) const override { return source_->place(index); }
  std::vector<std::string> class_names() const override { return source_->class_names(); }
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override;
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override;
  std::shared_ptr<const Dataset> targets() const override;

 private:
  void read(int64_t index, std::vector<uint8_t>& encoded) const;

  std::shared_ptr<const ImageSource> source_;
  image::ImageTransform transform_;
  SampleFields fields_;
  std::optional<ArrivalMemory> arrivals_;  // of a GPU; then gpu_ makes the samples
  std::optional<image::GpuImageTransform> gpu_;
};

}  // namespace echelon::data
