#include "image/webp.h"

#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

#include <memory>
#include <string_view>

#include "common/error.h"
#include "common/format.h"
#include "image/colour.h"
#include "image/exif.h"

namespace echelon::image {
namespace {

std::string_view meaning(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "it is truncated";
    case VP8_STATUS_BITSTREAM_ERROR:
      return "the bit stream is damaged";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "a feature that libwebp does not know";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "out of memory";
    default:
      return "it cannot be decoded";
  }
}

void check(VP8StatusCode status) {
  if (status != VP8_STATUS_OK) throw DataError(str_format("corrupt WebP: {}", meaning(status)));
}

/// The content of the first chunk of that name in the RIFF container.
std::span<const uint8_t> find_chunk(std::span<const uint8_t> encoded, std::string_view name) {
  constexpr size_t kFileHeader = 12, kChunkHeader = 8;
  for (size_t at = kFileHeader; at + kChunkHeader <= encoded.size();) {
    const uint8_t* length = encoded.data() + at + 4;
    const size_t size = length[0] | length[1] << 8 | length[2] << 16 | static_cast<size_t>(length[3]) << 24;
    if (size > encoded.size() - at - kChunkHeader) break;
    if (std::string_view(reinterpret_cast<const char*>(encoded.data()) + at, 4) == name)
      return encoded.subspan(at + kChunkHeader, size);
    at += kChunkHeader + size + size % 2;
  }
  return {};
}

void decode_first_frame(std::span<const uint8_t> encoded, Image& image) {
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) throw InternalError("cannot start libwebp: another version");
  options.color_mode = MODE_RGBA;
  const WebPData data{encoded.data(), encoded.size()};
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(
      WebPAnimDecoderNew(&data, &options), &WebPAnimDecoderDelete);
  WebPAnimInfo info{};
  if (!decoder || !WebPAnimDecoderGetInfo(decoder.get(), &info) || info.canvas_width != image.width ||
      info.canvas_height != image.height)
    throw DataError("corrupt WebP: the animation cannot be read");
  uint8_t* canvas = nullptr;
  int time = 0;
  if (!WebPAnimDecoderGetNext(decoder.get(), &canvas, &time))
    throw DataError("corrupt WebP: the first frame of the animation cannot be decoded");
  uint8_t* target = image.pixels.data();
  for (int64_t i = 0; i < image.height * image.width; ++i) {
    for (int c = 0; c < 3; ++c) *target++ = canvas[4 * i + c];
  }
}

}  // namespace

WebpHeader read_webp_header(std::span<const uint8_t> encoded) {
  WebPBitstreamFeatures features;
  check(WebPGetFeatures(encoded.data(), encoded.size(), &features));
  return {.size = {features.height, features.width},
          .is_animated = features.has_animation != 0,
          .orientation = orientation_of(find_chunk(encoded, "EXIF"), find_chunk(encoded, "XMP "))};
}

void decode_webp(std::span<const uint8_t> encoded, const WebpHeader& header, Image& image) {
  image.resize(header.size.height, header.size.width, 3);
  if (header.is_animated) return decode_first_frame(encoded, image);
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) throw InternalError("cannot start libwebp: another version");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = image.pixels.data();
  config.output.u.RGBA.stride = static_cast<int>(image.width) * 3;
  config.output.u.RGBA.size = image.pixels.size();
  check(WebPDecode(encoded.data(), encoded.size(), &config));
}

std::vector<uint8_t> encode_webp(const Image& image, float quality) {
  Image colour;
  if (image.channels == 1) to_colour(image, colour);
  const Image& source = image.channels == 1 ? colour : image;
  const int width = static_cast<int>(image.width), height = static_cast<int>(image.height);
  uint8_t* bytes = nullptr;
  const size_t size = quality > 100
                          ? WebPEncodeLosslessRGB(source.pixels.data(), width, height, width * 3, &bytes)
                          : WebPEncodeRGB(source.pixels.data(), width, height, width * 3, quality, &bytes);
  const std::unique_ptr<uint8_t, decltype(&WebPFree)> owned(bytes, &WebPFree);
  if (size == 0)
    throw DataError(str_format("cannot write a WebP of {} × {} pixels: at most {} each way", width, height,
                               WEBP_MAX_DIMENSION));
  return {bytes, bytes + size};
}

}  // namespace echelon::image
