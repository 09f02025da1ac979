#include "data/image/png.h"

#include <spng.h>

#include <algorithm>
#include <array>
#include <memory>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

constexpr std::array<uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

void check(int status) {
  if (status != 0) throw DataError(str_format("corrupt PNG: {}", spng_strerror(status)));
}

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

Context open(std::span<const uint8_t> encoded, spng_ihdr& header) {
  Context context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) throw InternalError("cannot start libspng: out of memory");
  check(spng_set_png_buffer(context.get(), encoded.data(), encoded.size()));
  check(spng_get_ihdr(context.get(), &header));
  return context;
}

}  // namespace

bool is_png(std::span<const uint8_t> encoded) {
  return encoded.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), encoded.begin());
}

ImageSize png_size(std::span<const uint8_t> encoded) {
  spng_ihdr header{};
  open(encoded, header);
  return {header.height, header.width};
}

void decode_png(std::span<const uint8_t> encoded, int64_t max_pixels, Image& image) {
  spng_ihdr header{};
  const Context context = open(encoded, header);
  if (int64_t{header.width} * header.height > max_pixels) throw DataError("corrupt PNG: too many pixels");
  const bool grey = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth <= 8;
  image.resize(header.height, header.width, grey ? 1 : 3);
  const int format = grey ? SPNG_FMT_G8 : SPNG_FMT_RGB8;
  check(spng_decode_image(context.get(), image.pixels.data(), image.pixels.size(), format, 0));
}

}  // namespace echelon::data
