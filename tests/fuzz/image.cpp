// Decoders of images: any bytes are decoded or refused with a DataError, in bounded memory. Seeds: the images
// in tests/image/golden.
#include <cstdint>
#include <span>

#include "common/error.h"
#include "image/decoder.h"
#include "image/jpeg_scans.h"

namespace {

using namespace echelon;

/// The middle of the image, whose place depends on nothing but its size.
image::PixelBox middle(image::ImageSize size) {
  return {size.width / 4, size.height / 4, (size.width + 1) / 2, (size.height + 1) / 2};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kPixels = 1 << 18;  // larger images would only be slower
  static image::ImageDecoder decoder(kPixels);
  const std::span<const uint8_t> encoded(data, size);
  image::has_all_scans(encoded);
  try {
    decoder.open(encoded);
    decoder.decode(3);
  } catch (const DataError&) {  // the only way to refuse
  }
  try {
    decoder.open(encoded);
    const int reduction = decoder.reduction(static_cast<int>(size % 9));
    decoder.decode_part(1, reduction, middle(decoder.reduced_size(reduction)));
  } catch (const DataError&) {
  }
  return 0;
}
