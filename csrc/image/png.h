// PNG through libspng (png_libspng.cpp), or libpng where there is none (png_libpng.cpp): all colour types and
// depths, interlaced or not.
#pragma once

#include <cstdint>
#include <vector>

#include "image/image.h"
#include "image/png_chunks.h"

namespace echelon::image {

/// Decodes to one channel where the file is grey of up to 8 bits without an alpha channel, else to three.
/// 16-bit samples lose their low byte; transparency is dropped. Of an animation, the picture that viewers
/// without animations show. Throws DataError.
void decode_png(const PngChunks& chunks, Image& image);

/// 8 bits a channel, one or three channels.
std::vector<uint8_t> encode_png(const Image& image);

}  // namespace echelon::image
