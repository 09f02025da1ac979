// PNG through libpng, for systems without libspng (Ubuntu 22.04).
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>

#include "common/error.h"
#include "common/format.h"
#include "data/image/png.h"

namespace echelon::data {
namespace {

/// libpng leaves a failed call by longjmp, so each of the two calls stands in a function of its own without
/// destructors.
class Decoder {
 public:
  explicit Decoder(std::span<const uint8_t> encoded) : rest_(encoded) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &Decoder::on_error, &Decoder::on_warning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw InternalError("cannot start libpng: out of memory");
    }
    png_set_read_fn(png_, this, &Decoder::on_read);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  }
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Reads the header; the others need it.
  void open() { check(read_header()); }
  ImageSize size() const { return {png_get_image_height(png_, info_), png_get_image_width(png_, info_)}; }
  bool is_grey() const {
    return png_get_color_type(png_, info_) == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png_, info_) <= 8;
  }
  void decode(Image& image) { check(read_image(image)); }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    static_cast<Decoder*>(png_get_error_ptr(png))->message_ = message;
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep target, size_t size) {
    auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
    if (size > decoder->rest_.size()) png_error(png, "end of data");
    std::memcpy(target, decoder->rest_.data(), size);
    decoder->rest_ = decoder->rest_.subspan(size);
  }

  void check(bool ok) const {
    if (!ok) throw DataError(str_format("corrupt PNG: {}", message_));
  }

  bool read_header() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_read_info(png_, info_);
    return true;
  }

  bool read_image(Image& image) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_strip_16(png_);
    png_set_packing(png_);
    if (is_grey()) {
      png_set_expand_gray_1_2_4_to_8(png_);
    } else {
      png_set_palette_to_rgb(png_);
      png_set_gray_to_rgb(png_);
    }
    png_set_strip_alpha(png_);
    const int passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != static_cast<size_t>(image.width * image.channels))
      png_error(png_, "bad rows");
    for (int pass = 0; pass < passes; ++pass) {
      for (int64_t y = 0; y < image.height; ++y) png_read_row(png_, image.row(y), nullptr);
    }
    png_read_end(png_, nullptr);
    return true;
  }

  std::span<const uint8_t> rest_;
  std::string message_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

bool is_png(std::span<const uint8_t> encoded) {
  return encoded.size() >= 8 && png_sig_cmp(encoded.data(), 0, 8) == 0;
}

ImageSize png_size(std::span<const uint8_t> encoded) {
  Decoder decoder(encoded);
  decoder.open();
  return decoder.size();
}

void decode_png(std::span<const uint8_t> encoded, int64_t max_pixels, Image& image) {
  Decoder decoder(encoded);
  decoder.open();
  const ImageSize size = decoder.size();
  if (size.width * size.height > max_pixels) throw DataError("corrupt PNG: too many pixels");
  image.resize(size.height, size.width, decoder.is_grey() ? 1 : 3);
  decoder.decode(image);
}

}  // namespace echelon::data
