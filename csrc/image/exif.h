// How an image is to be turned for viewing, as cameras write it: tag 0x0112 of EXIF 2.32 ("Orientation"), and
// `tiff:Orientation` of XMP where EXIF is silent. 1 is upright; 2 to 8 are listed in orientation.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace echelon::image {

/// From EXIF data, which is a TIFF file ("II*\0" or "MM\0*" and a first directory), with or without
/// "Exif\0\0" before it. Nothing where there is no such tag, or the data are damaged. Never throws.
std::optional<int> exif_orientation(std::span<const uint8_t> exif);

/// From an XMP packet: the digit after the first `tiff:Orientation="` or `tiff:Orientation>`. Never throws.
std::optional<int> xmp_orientation(std::span<const uint8_t> xmp);

/// What the two of them say together: 1 unless one of them says 2 to 8.
int orientation_of(std::span<const uint8_t> exif, std::span<const uint8_t> xmp);

}  // namespace echelon::image
