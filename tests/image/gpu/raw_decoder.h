// Stands for a GPU: memory is the host's, planes are what libjpeg decodes before it makes colours of them,
// and samples are made by the kernels' reference.
#pragma once

#include <atomic>
#include <cstdio>
#include <vector>
// jpeglib.h needs what stands above.
#include <jpeglib.h>

#include "image/gpu/decoder.h"
#include "image/gpu/sample_reference.h"

namespace echelon::image {

/// Y, Cb and Cr of a whole JPEG, with the margins that blocks of 8 × 8 leave.
class RawPlanes {
 public:
  explicit RawPlanes(std::span<const uint8_t> encoded) {
    jpeg_decompress_struct decoder{};
    jpeg_error_mgr errors{};
    decoder.err = jpeg_std_error(&errors);
    errors.output_message = [](j_common_ptr) {};
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, encoded.data(), encoded.size());
    jpeg_read_header(&decoder, TRUE);
    decoder.raw_data_out = TRUE;
    decoder.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&decoder);
    read(decoder);
    jpeg_destroy_decompress(&decoder);
  }

  /// `sizes` with the pointers and pitches of these planes.
  YccPlanes with_sizes(YccPlanes sizes) const {
    sizes.luma = planes_[0].data();
    sizes.blue = planes_[1].data();
    sizes.red = planes_[2].data();
    sizes.pitch = pitches_[0];
    sizes.chroma_pitch = pitches_[1];
    return sizes;
  }

 private:
  void read(jpeg_decompress_struct& decoder) {
    std::vector<JSAMPROW> rows[3];
    JSAMPARRAY arrays[3];
    const int lines = decoder.max_v_samp_factor * DCTSIZE;
    for (int i = 0; i < 3; ++i) {
      const jpeg_component_info& part = decoder.comp_info[i];
      pitches_[i] = int64_t{part.width_in_blocks} * DCTSIZE;
      const int64_t height = (decoder.output_height + lines - 1) / lines * part.v_samp_factor * DCTSIZE;
      planes_[i].resize(pitches_[i] * height);
      rows[i].resize(part.v_samp_factor * DCTSIZE);
      arrays[i] = rows[i].data();
    }
    for (int64_t group = 0; decoder.output_scanline < decoder.output_height; ++group) {
      for (int i = 0; i < 3; ++i) {
        const auto count = static_cast<int64_t>(rows[i].size());
        for (int64_t y = 0; y < count; ++y)
          rows[i][y] = planes_[i].data() + (group * count + y) * pitches_[i];
      }
      jpeg_read_raw_data(&decoder, arrays, lines);
    }
  }

  std::vector<uint8_t> planes_[3];
  int64_t pitches_[3];
};

class RawDecoder : public GpuDecoder {
 public:
  bool decode(std::span<const uint8_t> encoded, const PlannedSample& sample, void* target) override {
    if (refuses_) return false;
    const RawPlanes planes(encoded);
    make_sample(sample, planes.with_sizes(sample.planes()), target);
    ++decoded_;
    return true;
  }
  void upload(std::span<const std::byte> bytes, void* target) override {
    std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(target));
    ++uploaded_;
  }

  void refuse_all() { refuses_ = true; }
  int decoded() const { return decoded_; }
  int uploaded() const { return uploaded_; }

 private:
  bool refuses_ = false;
  std::atomic<int> decoded_ = 0, uploaded_ = 0;
};

}  // namespace echelon::image
