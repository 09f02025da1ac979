#include <zstd.h>

#include <new>

#include "common/format.h"
#include "storage/stream/compressed_input.h"

namespace echelon::storage {
namespace {

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(CompressedInput input) : input_(std::move(input)), context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, input_.limits().zstd_window_log);
  }

  const std::string& name() const override { return input_.name(); }

  size_t read(std::span<uint8_t> bytes) override {
    if (bytes.empty()) return 0;
    for (;;) {
      // What is decoded but not handed out yet needs no further input.
      const std::span<const uint8_t> in = more_output_ ? std::span<const uint8_t>() : input_.available();
      if (in.empty() && !more_output_) {
        if (inside_) input_.fail(str_format("the file ends within zstd frame {}", frame_));
        return 0;
      }
      if (const size_t made = decompress_some(in, bytes); made > 0) return made;
    }
  }

 private:
  size_t decompress_some(std::span<const uint8_t> in, std::span<uint8_t> out) {
    if (!inside_) ++frame_;
    ZSTD_inBuffer source{in.data(), in.size(), 0};
    ZSTD_outBuffer target{out.data(), out.size(), 0};
    const size_t status = ZSTD_decompressStream(context_.get(), &target, &source);
    if (ZSTD_isError(status) != 0)
      input_.fail(str_format("damaged zstd data in frame {}: {}", frame_, ZSTD_getErrorName(status)));
    input_.consume(source.pos);
    input_.count_output(target.pos);
    inside_ = status != 0;
    more_output_ = inside_ && target.pos == target.size;
    return target.pos;
  }

  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  CompressedInput input_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  int64_t frame_ = 0;
  bool inside_ = false;       ///< a frame has begun and is not complete
  bool more_output_ = false;  ///< the last output buffer was filled, so the context may hold more
};

}  // namespace

std::unique_ptr<ByteStream> make_zstd_stream(CompressedInput input) {
  return std::make_unique<ZstdStream>(std::move(input));
}

}  // namespace echelon::storage
