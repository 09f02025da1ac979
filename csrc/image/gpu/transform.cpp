#include "image/gpu/transform.h"

#include <utility>
#include <vector>

#include "common/error.h"
#include "common/stage_clock.h"
#include "image/gpu/sample_plan.h"
#include "image/jpeg_scans.h"

namespace echelon::image {
namespace {

/// The buffers of one thread.
struct Workspace {
  ImageDecoder header;
  PlannedSample sample;
  std::vector<std::byte> row;
};

/// libjpeg smooths halved chroma only from this width on.
constexpr int64_t kSmoothedWidth = 5;

bool is_for_gpu(std::span<const uint8_t> encoded, const ImageDecoder& header, const Geometry& geometry) {
  const ImageSize stored = header.stored_size();
  return header.layout() != YccLayout::kOther && stored.width >= kSmoothedWidth &&
         stored.height * stored.width <= kMaxGpuPixels &&
         header.reduction(reduction_that_leaves_detail(geometry)) == 1 && has_all_scans(encoded);
}

}  // namespace

GpuImageTransform::GpuImageTransform(TransformOptions options, std::shared_ptr<GpuDecoder> decoder)
    : options_(std::move(options)),
      normalisation_(options_.channels, options_.mean, options_.deviation),
      cpu_(options_),
      decoder_(std::move(decoder)) {
  const auto& augmentation = options_.augmentation;
  if (augmentation && (augmentation->changes_pixels() || augmentation->erasing))
    throw InternalError("the GPU makes samples without changes of colours and without erasing");
}

Placement GpuImageTransform::operator()(std::span<const uint8_t> encoded, uint64_t key, ElementType type,
                                        void* target) const {
  const StageScope scope(LoadStage::kDecode);  // with resizing: the GPU does both in one go
  thread_local Workspace space;
  RandomStream random(key);
  const ImageSize upright = space.header.open(encoded);
  const Placement placement = place_sample(options_, space.header, upright, random);
  if (is_for_gpu(encoded, space.header, placement.geometry) &&
      space.sample.prepare(space.header.layout(), placement, normalisation_, type) &&
      decoder_->decode(encoded, space.sample, target)) {
    return placement;
  }
  space.row.resize(options_.channels * options_.size * options_.size * element_size(type));
  cpu_(encoded, key, type, space.row.data());
  decoder_->upload(space.row, target);
  return placement;
}

}  // namespace echelon::image
