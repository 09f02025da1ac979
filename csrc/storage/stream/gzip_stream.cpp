#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "common/format.h"
#include "storage/stream/compressed_input.h"

namespace echelon::storage {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

class GzipStream final : public ByteStream {
 public:
  explicit GzipStream(CompressedInput input) : input_(std::move(input)) {
    if (inflateInit2(&state_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipStream() override { inflateEnd(&state_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  const std::string& name() const override { return input_.name(); }

  size_t read(std::span<uint8_t> bytes) override {
    if (bytes.empty()) return 0;
    for (;;) {
      const std::span<const uint8_t> in = input_.available();
      if (!inside_ && !begin_member(in)) return 0;
      if (in.empty()) input_.fail(str_format("the file ends within gzip member {}", member_));
      if (const size_t made = inflate_some(in, bytes); made > 0) return made;
    }
  }

 private:
  /// Between members: false at the end.
  bool begin_member(std::span<const uint8_t> in) {
    if (in.empty()) return false;
    if (member_ > 0 && in[0] == 0) {
      skip_padding();
      return false;
    }
    ++member_;
    inflateReset(&state_);
    inside_ = true;
    return true;
  }

  void skip_padding() {
    for (std::span<const uint8_t> in = input_.available(); !in.empty(); in = input_.available()) {
      const auto other = std::find_if(in.begin(), in.end(), [](uint8_t byte) { return byte != 0; });
      input_.consume(static_cast<size_t>(other - in.begin()));
      if (other != in.end()) input_.fail("bytes that are not gzip follow the zeros after the last member");
    }
  }

  size_t inflate_some(std::span<const uint8_t> in, std::span<uint8_t> out) {
    constexpr size_t kMost = std::numeric_limits<uInt>::max();
    state_.next_in = const_cast<Bytef*>(in.data());
    state_.avail_in = static_cast<uInt>(std::min(in.size(), kMost));
    state_.next_out = out.data();
    state_.avail_out = static_cast<uInt>(std::min(out.size(), kMost));
    const int status = inflate(&state_, Z_NO_FLUSH);
    const size_t made = static_cast<size_t>(state_.next_out - out.data());
    input_.consume(static_cast<size_t>(state_.next_in - in.data()));
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_STREAM_END) {
      input_.fail(str_format("damaged gzip data in member {}: {}", member_,
                             state_.msg != nullptr ? state_.msg : "no progress"));
    }
    input_.count_output(made);
    if (status == Z_STREAM_END) inside_ = false;
    return made;
  }

  CompressedInput input_;
  z_stream state_{};
  int64_t member_ = 0;
  bool inside_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_gzip_stream(CompressedInput input) {
  return std::make_unique<GzipStream>(std::move(input));
}

}  // namespace echelon::storage
