#include "data/image/transform.h"

#include <utility>

#include "data/image/decoder.h"
#include "data/image/resample.h"

namespace echelon::data {
namespace {

/// The buffers of one thread.
struct Workspace {
  ImageDecoder decoder;
  Resampler resampler;
  Image sample;
};

Workspace& workspace() {
  thread_local Workspace instance;
  return instance;
}

void shrink(Box& box, int factor) {
  box = {box.left / factor, box.top / factor, box.width / factor, box.height / factor};
}

}  // namespace

ImageTransform::ImageTransform(const ImageSettings& settings, bool augment)
    : size_(settings.size),
      resize_(settings.resize.value_or(settings.size)),
      channels_(static_cast<int>(settings.channels)),
      normalisation_(channels_, settings.mean, settings.std) {
  if (!augment) return;
  augment_ = settings.augment;
  range_ = {augment_->scale[0], augment_->scale[1], augment_->ratio[0], augment_->ratio[1]};
}

Geometry ImageTransform::choose(ImageSize source, uint64_t key) const {
  if (!augment_) return centre_crop(source, resize_, size_);
  RandomStream random(key);
  Geometry geometry = augment_->crop == Crop::kRandomResized
                          ? random_resized_crop(source, size_, range_, random)
                          : centre_crop(source, resize_, size_);
  if (augment_->crop == Crop::kShift) shift_randomly(geometry, augment_->shift, random);
  geometry.flip = augment_->flip && random.uniform() < 0.5;
  return geometry;
}

void ImageTransform::operator()(std::span<const uint8_t> encoded, uint64_t key, at::ScalarType type,
                                void* target) const {
  Workspace& space = workspace();
  Geometry geometry = choose(space.decoder.open(encoded), key);
  const int reduction = space.decoder.reduction(reduction_that_leaves_detail(geometry));
  shrink(geometry.box, reduction);
  space.resampler(space.decoder.decode(channels_, reduction), geometry, space.sample);
  normalisation_.write(space.sample, geometry.flip, type, target);
}

}  // namespace echelon::data
