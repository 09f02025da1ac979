#include <spng.h>

#include <cstdlib>
#include <memory>

#include "common/error.h"
#include "common/format.h"
#include "image/png.h"

namespace echelon::image {
namespace {

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

Context make_context(int flags) {
  Context context(spng_ctx_new(flags), &spng_ctx_free);
  if (!context) throw InternalError("cannot start libspng: out of memory");
  return context;
}

void check(int status) {
  if (status != 0) throw DataError(str_format("corrupt PNG: {}", spng_strerror(status)));
}

int read(spng_ctx*, void* stream, void* target, size_t size) {
  return static_cast<PngStream*>(stream)->read(target, size) ? 0 : SPNG_IO_EOF;
}

void check_encoding(int status) {
  if (status != 0) throw InternalError(str_format("cannot write a PNG: {}", spng_strerror(status)));
}

}  // namespace

void decode_png(const PngChunks& chunks, Image& image) {
  PngStream stream(chunks);
  const Context context = make_context(0);
  check(spng_set_png_stream(context.get(), &read, &stream));
  spng_ihdr header{};
  check(spng_get_ihdr(context.get(), &header));
  const int format = chunks.is_grey() ? SPNG_FMT_G8 : SPNG_FMT_RGB8;
  image.resize(chunks.size.height, chunks.size.width, chunks.is_grey() ? 1 : 3);
  check(spng_decode_image(context.get(), image.pixels.data(), image.pixels.size(), format, 0));
}

std::vector<uint8_t> encode_png(const Image& image) {
  const Context context = make_context(SPNG_CTX_ENCODER);
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(image.width);
  header.height = static_cast<uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = image.channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR;
  check_encoding(spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1));
  check_encoding(spng_set_ihdr(context.get(), &header));
  check_encoding(spng_encode_image(context.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_PNG,
                                   SPNG_ENCODE_FINALIZE));
  size_t size = 0;
  int status = 0;
  const std::unique_ptr<void, decltype(&std::free)> bytes(spng_get_png_buffer(context.get(), &size, &status),
                                                          &std::free);
  check_encoding(status);
  const auto* start = static_cast<const uint8_t*>(bytes.get());
  return {start, start + size};
}

}  // namespace echelon::image
