#include <cstddef>
#include <cstdio>
#include <cstdlib>
// jpeglib.h needs what stands above.
#include <jpeglib.h>

#include <csetjmp>
#include <string>

#include "common/error.h"
#include "common/format.h"
#include "image/encode.h"

namespace echelon::image {
namespace {

/// As in JpegDecoder::State: calls that may fail stand in a function without destructors.
struct Encoder {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  std::jmp_buf failure{};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type

  Encoder() {
    encoder.err = jpeg_std_error(&errors);
    encoder.client_data = this;
    errors.error_exit = [](j_common_ptr common) {
      std::longjmp(static_cast<Encoder*>(common->client_data)->failure, 1);
    };
    errors.output_message = [](j_common_ptr) {};
  }
  ~Encoder() {
    jpeg_destroy_compress(&encoder);
    std::free(bytes);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void describe(const Image& image, int quality, Subsampling subsampling) {
    encoder.image_width = static_cast<JDIMENSION>(image.width);
    encoder.image_height = static_cast<JDIMENSION>(image.height);
    encoder.input_components = image.channels;
    encoder.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, quality, TRUE);
    encoder.dct_method = JDCT_ISLOW;
    encoder.optimize_coding = TRUE;
    if (image.channels == 1) return;
    encoder.comp_info[0].h_samp_factor = subsampling == Subsampling::k444 ? 1 : 2;
    encoder.comp_info[0].v_samp_factor = subsampling == Subsampling::k420 ? 2 : 1;
  }

  bool encode(const Image& image, int quality, Subsampling subsampling) {
    if (setjmp(failure)) return false;
    jpeg_create_compress(&encoder);
    encoder.client_data = this;  // which creation clears
    jpeg_mem_dest(&encoder, &bytes, &size);
    describe(image, quality, subsampling);
    jpeg_start_compress(&encoder, TRUE);
    for (int64_t y = 0; y < image.height; ++y) {
      auto* row = const_cast<uint8_t*>(image.row(y));
      jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    return true;
  }
};

}  // namespace

std::vector<uint8_t> encode_jpeg(const Image& image, int quality, Subsampling subsampling) {
  Encoder encoder;
  if (!encoder.encode(image, quality, subsampling)) {
    char text[JMSG_LENGTH_MAX];
    encoder.errors.format_message(reinterpret_cast<j_common_ptr>(&encoder.encoder), text);
    throw DataError(str_format("cannot write a JPEG of {} × {} pixels: {}", image.width, image.height,
                               std::string(text)));
  }
  return {encoder.bytes, encoder.bytes + encoder.size};
}

}  // namespace echelon::image
