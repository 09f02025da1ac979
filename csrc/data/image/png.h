// PNG through libspng (png.cpp), or libpng where there is none (png_libpng.cpp).
#pragma once

#include <span>

#include "data/image/image.h"

namespace echelon::data {

bool is_png(std::span<const uint8_t> encoded);

/// Reads the header. Throws DataError.
ImageSize png_size(std::span<const uint8_t> encoded);

/// Decodes to one channel where the file is grey of up to 8 bits without transparency, else to three. 16-bit
/// samples lose their low byte; transparency is dropped. At most `max_pixels`. Throws DataError.
void decode_png(std::span<const uint8_t> encoded, int64_t max_pixels, Image& image);

}  // namespace echelon::data
