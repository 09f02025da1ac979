// ImageTransform with the work on JPEGs done by a GPU.
//
// The CPU reads headers, draws the random changes and, in the decoder, undoes Huffman's code; the GPU does
// the rest. Both see the same placements, and from the same planes of a JPEG make the same bits: what remains
// is how the two decoders round the inverse cosine transform, by one level of a component.
//
// The CPU makes a sample alone, and it is copied, where the GPU would make another one or gain nothing: PNG
// and WebP; JPEG that is grey, CMYK or RGB, has other subsampling than 4:4:4, 4:2:2 and 4:2:0, is coded
// arithmetically, lacks scans or segments out of order, is more than kMaxGpuPixels, or is to be shrunk while
// it is decoded; and what the GPU's decoder does not take.
#pragma once

#include <memory>

#include "image/gpu/decoder.h"
#include "image/transform.h"

namespace echelon::image {

/// Bounds the memory of the GPU that each thread of the loader keeps, up to about 12 bytes a pixel.
constexpr int64_t kMaxGpuPixels = int64_t{1} << 24;

/// Immutable and safe for several threads; each keeps its own buffers.
class GpuImageTransform {
 public:
  /// Throws InternalError for options that change pixels between crop and normalisation or after it.
  GpuImageTransform(TransformOptions options, std::shared_ptr<GpuDecoder> decoder);

  /// As ImageTransform, with `target` in the memory of the GPU; the sample is there on return.
  Placement operator()(std::span<const uint8_t> encoded, uint64_t key, ElementType type, void* target) const;

 private:
  TransformOptions options_;
  Normalisation normalisation_;
  ImageTransform cpu_;
  std::shared_ptr<GpuDecoder> decoder_;
};

}  // namespace echelon::image
