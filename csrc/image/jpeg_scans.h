// Which parts of a JPEG picture its scans bring, read without decoding (ITU-T T.81, annexes B and G).
#pragma once

#include <cstdint>
#include <span>

namespace echelon::image {

/// Whether the scans bring every coefficient of every component to its last bit, in segments that follow one
/// another as the standard says, up to the end of the image. Where not, libjpeg makes up what is missing, and
/// other decoders may make up something else. Damage within a scan is not seen. Never throws.
bool has_all_scans(std::span<const uint8_t> encoded);

}  // namespace echelon::image
