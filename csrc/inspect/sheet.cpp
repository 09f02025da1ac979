#include "inspect/sheet.h"

#include <algorithm>

#include "common/error.h"
#include "common/file.h"
#include "data/image/source.h"
#include "image/contact_sheet.h"
#include "image/png.h"
#include "image/resize.h"

namespace echelon::inspect {
namespace {

/// Longest side of what is kept of an image until the sheet is made.
constexpr int64_t kKept = 256;

image::ImageSize at_most(image::ImageSize size, int64_t longest) {
  const int64_t longer = std::max(size.height, size.width);
  if (longer <= longest) return size;
  return {std::max<int64_t>(1, size.height * longest / longer),
          std::max<int64_t>(1, size.width * longest / longer)};
}

}  // namespace

size_t write_sheet(const storage::RandomAccessFile& file, const std::vector<ImagePlace>& images, size_t count,
                   const std::string& path) {
  count = std::min(count, images.size());
  std::vector<image::Image> shown(count);
  image::ImageDecoder decoder;
  image::Resizer resizer;
  std::vector<uint8_t> encoded;
  for (size_t i = 0; i < count; ++i) {
    const ImagePlace& place = images[i * images.size() / count];
    if (place.size > data::kMaxEncodedImage) continue;  // it is reported as damage already
    try {
      encoded.resize(static_cast<size_t>(place.size));
      file.read(place.offset, encoded);
      const image::ImageSize size = decoder.open(encoded);
      shown[i] = resizer(decoder, size, 3, at_most(size, kKept));
    } catch (const DataError&) {  // it is reported as damage already
    }
  }
  const std::vector<uint8_t> png = image::encode_png(image::contact_sheet(shown));
  write_file_atomically(path, {reinterpret_cast<const char*>(png.data()), png.size()});
  return count;
}

}  // namespace echelon::inspect
