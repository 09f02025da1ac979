#include "image/transform.h"

#include <memory>
#include <utility>

#include "common/stage_clock.h"
#include "image/adjust.h"
#include "image/resample.h"

namespace echelon::image {
namespace {

/// The buffers of one thread.
struct Workspace {
  ImageDecoder decoder;
  Resampler resampler;
  Image sample;
  int64_t pixels = 0;  ///< of the image for which they were used last
};

/// Buffers that a rare huge image has made large do not stay.
Workspace& workspace() {
  constexpr int64_t kKeptPixels = int64_t{1} << 24;
  thread_local std::unique_ptr<Workspace> instance;
  if (!instance || instance->pixels > kKeptPixels) instance = std::make_unique<Workspace>();
  return *instance;
}

ImagePart decode(ImageDecoder& decoder, int channels, int reduction, const PixelBox& wanted) {
  const StageScope scope(LoadStage::kDecode);
  return decoder.decode_part(channels, reduction, wanted);
}

void shrink(Box& box, int factor) {
  box = {box.left / factor, box.top / factor, box.width / factor, box.height / factor};
}

}  // namespace

Placement place_sample(const TransformOptions& options, const ImageDecoder& decoder, ImageSize upright,
                       RandomStream& random) {
  const auto& augmentation = options.augmentation;
  return {decoder.stored_size(), decoder.orientation(),
          augmentation ? augmentation->choose(upright, options.resize, options.size, random)
                       : centre_crop(upright, options.resize, options.size)};
}

ImageTransform::ImageTransform(TransformOptions options)
    : options_(std::move(options)), normalisation_(options_.channels, options_.mean, options_.deviation) {}

Placement ImageTransform::operator()(std::span<const uint8_t> encoded, uint64_t key, ElementType type,
                                     void* target) const {
  const StageScope scope(LoadStage::kTransform);
  Workspace& space = workspace();
  RandomStream random(key);
  const auto& augmentation = options_.augmentation;
  const ImageSize source = space.decoder.open(encoded), size{options_.size, options_.size};
  const Placement placement = place_sample(options_, space.decoder, source, random);
  Geometry geometry = placement.geometry;
  space.pixels = source.height * source.width;
  const int reduction = space.decoder.reduction(reduction_that_leaves_detail(geometry));
  shrink(geometry.box, reduction);
  const PixelBox needed = space.resampler.prepare(space.decoder.reduced_size(reduction), geometry);
  const ImagePart part = decode(space.decoder, options_.channels, reduction, needed);
  const Mirror mirror{geometry.flip, geometry.upside_down};

  if (augmentation && augmentation->changes_pixels()) {
    space.resampler.run(part, space.sample);
    if (mirror.left_right) mirror_left_right(space.sample);
    if (mirror.top_bottom) mirror_top_bottom(space.sample);
    augmentation->change_pixels(space.sample, random);
    normalisation_.write(space.sample, {}, type, target);
  } else {
    PlaneSink planes(normalisation_, size, mirror, type, target);
    space.resampler.run(part, planes);
  }
  if (!augmentation || !augmentation->erasing) return placement;
  if (const auto box = augmentation->erasing->draw(size, random))
    augmentation->erasing->erase(*box, options_.channels, size, type, target, random);
  return placement;
}

}  // namespace echelon::image
