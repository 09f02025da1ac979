#include "storage/stream/decompress.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "storage/stream/compressed_input.h"

namespace echelon::storage {
namespace {

constexpr size_t kBuffer = size_t{256} << 10;
constexpr int64_t kRatioMatters = int64_t{64} << 20;

/// A stream whose first bytes were looked at.
class Rejoined final : public ByteStream {
 public:
  Rejoined(std::unique_ptr<ByteStream> inner, std::vector<uint8_t> beginning)
      : inner_(std::move(inner)), beginning_(std::move(beginning)) {}

  const std::string& name() const override { return inner_->name(); }
  size_t read(std::span<uint8_t> bytes) override {
    if (used_ == beginning_.size()) return inner_->read(bytes);
    const size_t taken = std::min(bytes.size(), beginning_.size() - used_);
    std::copy_n(beginning_.begin() + static_cast<std::ptrdiff_t>(used_), taken, bytes.begin());
    used_ += taken;
    return taken;
  }

 private:
  std::unique_ptr<ByteStream> inner_;
  std::vector<uint8_t> beginning_;
  size_t used_ = 0;
};

}  // namespace

std::span<const uint8_t> CompressedInput::available() {
  if (used_ == filled_) {
    before_ += static_cast<int64_t>(filled_);
    buffer_.resize(kBuffer);
    filled_ = inner_->read(buffer_);
    used_ = 0;
  }
  return std::span<const uint8_t>(buffer_).subspan(used_, filled_ - used_);
}

void CompressedInput::count_output(size_t bytes) {
  output_ += static_cast<int64_t>(bytes);
  if (output_ > limits_.max_bytes)
    fail(str_format("it unpacks to more than {}, the limit",
                    human_bytes(static_cast<double>(limits_.max_bytes))));
  if (output_ > kRatioMatters &&
      static_cast<double>(output_) > limits_.max_ratio * static_cast<double>(std::max<int64_t>(1, offset())))
    fail(str_format("it unpacks to more than {} times its size, as no data do", limits_.max_ratio));
}

void CompressedInput::fail(std::string_view problem) const {
  throw DataError(str_format("{} at offset {}: {}", name(), offset(), problem));
}

Compression detect_compression(std::span<const uint8_t> beginning) {
  constexpr std::array<uint8_t, 3> kGzip = {0x1f, 0x8b, 0x08};
  constexpr std::array<uint8_t, 3> kZstd = {0xb5, 0x2f, 0xfd};       // behind 0x28
  constexpr std::array<uint8_t, 3> kSkippable = {0x2a, 0x4d, 0x18};  // behind 0x50 to 0x5f
  const auto has = [&](size_t at, const std::array<uint8_t, 3>& magic) {
    return beginning.size() >= at + 3 && std::equal(magic.begin(), magic.end(), beginning.begin() + at);
  };
  if (has(0, kGzip)) return Compression::kGzip;
  if (has(1, kZstd) && beginning[0] == 0x28) return Compression::kZstd;
  if (has(1, kSkippable) && (beginning[0] & 0xf0) == 0x50) return Compression::kZstd;
  return Compression::kNone;
}

std::unique_ptr<ByteStream> decompress(std::unique_ptr<ByteStream> compressed,
                                       const DecompressionLimits& limits) {
  std::vector<uint8_t> beginning(4);
  beginning.resize(read_fully(*compressed, beginning));
  switch (detect_compression(beginning)) {
    case Compression::kGzip:
      return make_gzip_stream({std::move(compressed), std::move(beginning), limits});
    case Compression::kZstd:
      return make_zstd_stream({std::move(compressed), std::move(beginning), limits});
    case Compression::kNone:
      break;
  }
  return std::make_unique<Rejoined>(std::move(compressed), std::move(beginning));
}

}  // namespace echelon::storage
