#include "image/jpeg.h"

#include <cstddef>
#include <cstdio>
// jpeglib.h needs what stands above.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <string>

#include "common/error.h"
#include "common/format.h"
#include "image/colour.h"
#include "image/exif.h"
#include "image/jpeg_segments.h"

namespace echelon::image {
namespace {

/// A few kilobytes of progressive JPEG can otherwise keep the decoder busy for minutes.
constexpr int kMaxScans = 500;
/// Smoothing between neighbours of subsampled colours is exact only this far from the edge of a part.
constexpr int64_t kMargin = 4;

PixelBox with_margin(const PixelBox& wanted, ImageSize whole) {
  const int64_t left = std::max<int64_t>(wanted.left - kMargin, 0);
  const int64_t right = std::min(wanted.left + wanted.width + kMargin, whole.width);
  return {left, wanted.top, right - left, std::min(wanted.height, whole.height - wanted.top)};
}

enum class RowKind { kAsWanted, kRgbToGrey, kCmyk };

}  // namespace

/// libjpeg leaves a failed call by longjmp, so each group of calls stands in a function of its own without
/// destructors.
struct JpegDecoder::State {
  jpeg_decompress_struct decoder{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failure{};
  bool has_header = false, has_too_many_scans = false;

  State() {
    decoder.err = jpeg_std_error(&errors);
    errors.error_exit = &State::on_error;
    errors.emit_message = &State::on_message;
    errors.output_message = [](j_common_ptr) {};
    decoder.client_data = this;
  }
  ~State() { jpeg_destroy_decompress(&decoder); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[noreturn]] static void on_error(j_common_ptr decoder) {
    std::longjmp(static_cast<State*>(decoder->client_data)->failure, 1);
  }
  static void on_message(j_common_ptr decoder, int level) {
    if (level < 0 && decoder->err->msg_code == JWRN_JPEG_EOF) on_error(decoder);
  }
  static void on_progress(j_common_ptr decoder) {
    auto* state = static_cast<State*>(decoder->client_data);
    state->has_too_many_scans = state->decoder.input_scan_number > kMaxScans;
    if (state->has_too_many_scans) on_error(decoder);
  }

  std::string message() {
    char text[JMSG_LENGTH_MAX];
    if (has_too_many_scans) return str_format("more than {} scans", kMaxScans);
    errors.format_message(reinterpret_cast<j_common_ptr>(&decoder), text);
    return text;
  }

  bool create() {
    if (setjmp(failure)) return false;
    jpeg_create_decompress(&decoder);
    decoder.client_data = this;  // which creation clears
    progress.progress_monitor = &State::on_progress;
    decoder.progress = &progress;
    return true;
  }

  bool read_header(const uint8_t* bytes, size_t size) {
    if (setjmp(failure)) return false;
    jpeg_abort_decompress(&decoder);
    has_too_many_scans = false;
    jpeg_mem_src(&decoder, bytes, size);
    jpeg_read_header(&decoder, TRUE);
    has_header = true;
    return true;
  }

  bool start(J_COLOR_SPACE colour_space, int reduction) {
    if (setjmp(failure)) return false;
    has_header = false;
    decoder.scale_num = 1;
    decoder.scale_denom = reduction;
    decoder.out_color_space = colour_space;
    decoder.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&decoder);
    return true;
  }

  /// Whether libjpeg smooths over block edges, as it does where a progressive file ends before its last
  /// scans: then a part would not be that of the whole.
  bool is_smoothed() const {
    if (!decoder.progressive_mode || decoder.coef_bits == nullptr) return false;
    const auto is_missing = [](int bits) { return bits != 0; };
    for (int i = 0; i < decoder.num_components; ++i) {
      if (std::any_of(decoder.coef_bits[i], decoder.coef_bits[i] + DCTSIZE2, is_missing)) return true;
    }
    return false;
  }

  /// Limits what follows to columns around [left, left + width), and passes over `top` rows.
  bool limit_to(JDIMENSION& left, JDIMENSION& width, JDIMENSION top) {
    if (setjmp(failure)) return false;
    if (width < decoder.output_width) jpeg_crop_scanline(&decoder, &left, &width);
    if (top > 0) jpeg_skip_scanlines(&decoder, top);
    return true;
  }

  bool read_rows(Image& image, RowKind kind, uint8_t* row) {
    if (setjmp(failure)) return false;
    constexpr int64_t kAtOnce = 16;
    for (int64_t y = 0; y < image.height;) {
      uint8_t* rows[kAtOnce];
      const int64_t count = kind == RowKind::kAsWanted ? std::min(kAtOnce, image.height - y) : 1;
      for (int64_t i = 0; i < count; ++i) rows[i] = kind == RowKind::kAsWanted ? image.row(y + i) : row;
      const int64_t done = jpeg_read_scanlines(&decoder, rows, static_cast<JDIMENSION>(count));
      if (kind == RowKind::kRgbToGrey) row_to_grey(row, image.width, image.row(y));
      if (kind == RowKind::kCmyk) row_from_cmyk(row, image.width, image.channels, image.row(y));
      y += done;
    }
    return true;
  }
};

JpegDecoder::JpegDecoder() : state_(std::make_unique<State>()) {
  if (!state_->create()) throw InternalError(str_format("cannot start libjpeg-turbo: {}", state_->message()));
}

JpegDecoder::~JpegDecoder() = default;

void JpegDecoder::check(bool ok) {
  if (!ok) throw DataError(str_format("corrupt JPEG: {}", state_->message()));
}

ImageSize JpegDecoder::read_header(std::span<const uint8_t> encoded) {
  encoded_ = encoded;
  check(state_->read_header(encoded.data(), encoded.size()));
  const JpegSegments segments = read_jpeg_segments(encoded);
  if (!segments.has_end) throw DataError("corrupt JPEG: it is truncated: the end-of-image marker is missing");
  orientation_ = orientation_of(segments.exif, segments.xmp);
  return {state_->decoder.image_height, state_->decoder.image_width};
}

YccLayout JpegDecoder::layout() const {
  const jpeg_decompress_struct& decoder = state_->decoder;
  if (decoder.jpeg_color_space != JCS_YCbCr || decoder.num_components != 3) return YccLayout::kOther;
  if (decoder.data_precision != 8 || decoder.arith_code) return YccLayout::kOther;
  const jpeg_component_info* parts = decoder.comp_info;
  for (int i = 1; i < 3; ++i) {
    if (parts[i].h_samp_factor != 1 || parts[i].v_samp_factor != 1) return YccLayout::kOther;
  }
  const int across = parts[0].h_samp_factor, down = parts[0].v_samp_factor;
  if (across == 1 && down == 1) return YccLayout::k444;
  if (across == 2 && down == 1) return YccLayout::k422;
  return across == 2 && down == 2 ? YccLayout::k420 : YccLayout::kOther;
}

PixelBox JpegDecoder::decode(int channels, int reduction, const PixelBox& wanted, Image& image) {
  jpeg_decompress_struct& decoder = state_->decoder;
  if (!state_->has_header) check(state_->read_header(encoded_.data(), encoded_.size()));
  const bool is_ink = decoder.jpeg_color_space == JCS_CMYK || decoder.jpeg_color_space == JCS_YCCK;
  const bool is_grey = decoder.jpeg_color_space == JCS_GRAYSCALE;
  const RowKind kind = is_ink                      ? RowKind::kCmyk
                       : channels == 1 && !is_grey ? RowKind::kRgbToGrey
                                                   : RowKind::kAsWanted;
  check(state_->start(is_ink ? JCS_CMYK : is_grey && channels == 1 ? JCS_GRAYSCALE : JCS_RGB, reduction));

  const ImageSize whole{decoder.output_height, decoder.output_width};
  const PixelBox part =
      state_->is_smoothed() ? PixelBox{0, 0, whole.width, whole.height} : with_margin(wanted, whole);
  auto left = static_cast<JDIMENSION>(part.left), width = static_cast<JDIMENSION>(part.width);
  check(state_->limit_to(left, width, static_cast<JDIMENSION>(part.top)));
  image.resize(part.height, width, channels);
  row_.resize(kind == RowKind::kAsWanted ? 0 : static_cast<size_t>(width) * 4);
  check(state_->read_rows(image, kind, row_.data()));
  return {left, part.top, width, part.height};
}

}  // namespace echelon::image
