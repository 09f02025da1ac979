// Pixels → files. PNG and WebP have their functions beside their decoders (png.h, webp.h).
#pragma once

#include <cstdint>
#include <vector>

#include "image/image.h"

namespace echelon::image {

/// How much less resolution the colours of a JPEG have than its brightness.
enum class Subsampling { k444, k422, k420 };

/// JPEG (baseline, Huffman tables made for the image) of one or three channels. `quality`: 1 to 100,
/// libjpeg's scale. Throws DataError for an image that JPEG cannot hold (more than 65,500 pixels each way) or
/// without pixels.
std::vector<uint8_t> encode_jpeg(const Image& image, int quality = 90,
                                 Subsampling subsampling = Subsampling::k420);

}  // namespace echelon::image
