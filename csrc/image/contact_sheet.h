// Many images at a glance: with encode_png (png.h), in one file.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "image/image.h"

namespace echelon::image {

struct ContactSheetOptions {
  int64_t columns = 0;  ///< 0: as many as make the sheet about square
  int64_t cell = 128;   ///< height and width of a thumbnail
  int64_t gap = 4;      ///< pixels around each, white
};

/// Thumbnails in rows, in the order given, each resized to fit its cell and centred in it on black; of three
/// channels. An image without pixels leaves its cell grey. Throws DataError for a sheet of more than
/// kMaxPixels.
Image contact_sheet(std::span<const Image> images, const ContactSheetOptions& options = {});

}  // namespace echelon::image
