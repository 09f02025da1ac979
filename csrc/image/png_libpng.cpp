// PNG through libpng, for systems without libspng (Ubuntu 22.04).
#include <png.h>

#include <csetjmp>
#include <string>

#include "common/error.h"
#include "common/format.h"
#include "image/png.h"

namespace echelon::image {
namespace {

/// libpng leaves a failed call by longjmp, so each group of calls stands in a function of its own without
/// destructors.
class Decoder {
 public:
  explicit Decoder(const PngChunks& chunks) : stream_(chunks) {
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

  void decode(Image& image) {
    if (!read_image(image)) throw DataError(str_format("corrupt PNG: {}", message_));
  }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    static_cast<Decoder*>(png_get_error_ptr(png))->message_ = message;
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep target, size_t size) {
    if (!static_cast<Decoder*>(png_get_io_ptr(png))->stream_.read(target, size))
      png_error(png, "end of file");
  }

  bool read_image(Image& image) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_read_info(png_, info_);
    png_set_strip_16(png_);
    png_set_packing(png_);
    if (image.channels == 1) {
      png_set_expand_gray_1_2_4_to_8(png_);
    } else {
      png_set_palette_to_rgb(png_);
      png_set_gray_to_rgb(png_);
    }
    png_set_strip_alpha(png_);
    const int passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != static_cast<size_t>(image.width * image.channels) ||
        png_get_image_height(png_, info_) != image.height)
      png_error(png_, "rows of the wrong length");
    for (int pass = 0; pass < passes; ++pass) {
      for (int64_t y = 0; y < image.height; ++y) png_read_row(png_, image.row(y), nullptr);
    }
    png_read_end(png_, nullptr);
    return true;
  }

  PngStream stream_;
  std::string message_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

class Encoder {
 public:
  Encoder() {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, &Encoder::on_error, nullptr);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_) {
      png_destroy_write_struct(&png_, nullptr);
      throw InternalError("cannot start libpng: out of memory");
    }
    png_set_write_fn(png_, this, &Encoder::on_write, nullptr);
  }
  ~Encoder() { png_destroy_write_struct(&png_, &info_); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  std::vector<uint8_t> encode(const Image& image) {
    if (!write_image(image)) throw InternalError(str_format("cannot write a PNG: {}", message_));
    return std::move(bytes_);
  }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    static_cast<Encoder*>(png_get_error_ptr(png))->message_ = message;
    png_longjmp(png, 1);
  }
  static void on_write(png_structp png, png_bytep source, size_t size) {
    auto& bytes = static_cast<Encoder*>(png_get_io_ptr(png))->bytes_;
    bytes.insert(bytes.end(), source, source + size);
  }

  bool write_image(const Image& image) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
                 8, image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (int64_t y = 0; y < image.height; ++y) png_write_row(png_, image.row(y));
    png_write_end(png_, nullptr);
    return true;
  }

  std::vector<uint8_t> bytes_;
  std::string message_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

void decode_png(const PngChunks& chunks, Image& image) {
  image.resize(chunks.size.height, chunks.size.width, chunks.is_grey() ? 1 : 3);
  Decoder(chunks).decode(image);
}

std::vector<uint8_t> encode_png(const Image& image) {
  return Encoder().encode(image);
}

}  // namespace echelon::image
