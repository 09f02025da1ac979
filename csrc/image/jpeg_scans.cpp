#include "image/jpeg_scans.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace echelon::image {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr int kCoefficients = 64;
constexpr int kBaseline = 0xc0, kExtended = 0xc1, kProgressive = 0xc2;
constexpr int kEndOfImage = 0xd9, kStartOfScan = 0xda, kDefineLines = 0xdc;

bool is_restart(int marker) {
  return marker >= 0xd0 && marker <= 0xd7;
}

/// For each component of the frame and each coefficient the bits that are still to come; all of them, while
/// no scan has begun with it.
class Progress {
 public:
  /// The content of a frame header: precision, height, width, and three bytes for each component.
  bool begin_frame(Bytes header) {
    if (components_ > 0 || header.size() < 6 || header.size() != 6 + 3 * size_t{header[5]}) return false;
    components_ = header[5];
    for (int i = 0; i < components_; ++i) {
      auto& missing = missing_[header[6 + 3 * i]];
      if (missing) return false;
      missing.emplace().fill(kNotBegun);
    }
    return components_ > 0;
  }

  /// The content of a scan header: components with their tables, first and last coefficient, and the bits
  /// that were still missing and that are missing after it. A sequential scan has all coefficients and bits.
  bool add_scan(Bytes header, bool progressive) {
    if (header.empty() || header.size() != 4 + 2 * size_t{header[0]}) return false;
    const Bytes range = header.last(3);
    const int first = progressive ? range[0] : 0, last = progressive ? range[1] : kCoefficients - 1;
    if (first > last || last >= kCoefficients) return false;
    for (int i = 0; i < header[0]; ++i) {
      auto& missing = missing_[header[1 + 2 * i]];
      if (!missing) return false;
      std::fill(missing->begin() + first, missing->begin() + last + 1,
                static_cast<uint8_t>(progressive ? range[2] & 15 : 0));
    }
    return true;
  }

  bool is_complete() const {
    return components_ > 0 && std::all_of(missing_.begin(), missing_.end(), [](const auto& missing) {
             return !missing || std::all_of(missing->begin(), missing->end(), [](int n) { return n == 0; });
           });
  }

 private:
  static constexpr uint8_t kNotBegun = 255;
  int components_ = 0;
  std::array<std::optional<std::array<uint8_t, kCoefficients>>, 256> missing_{};  ///< by the component's name
};

/// Where the first marker that is not part of the coded data at `at` begins.
size_t end_of_coded_data(Bytes encoded, size_t at) {
  while (at + 1 < encoded.size()) {
    const void* found = std::memchr(encoded.data() + at, 0xff, encoded.size() - 1 - at);
    if (found == nullptr) break;
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - encoded.data());
    const int next = encoded[at + 1];
    if (next != 0 && next != 0xff && !is_restart(next)) return at;
    at += next == 0xff ? 1 : 2;
  }
  return encoded.size();
}

}  // namespace

bool has_all_scans(Bytes encoded) {
  Progress progress;
  bool progressive = false;
  size_t at = 2;
  while (at + 4 <= encoded.size() && encoded[at] == 0xff) {
    const int marker = encoded[at + 1];
    if (marker == 0xff) {  // fill byte
      ++at;
      continue;
    }
    const size_t length = encoded[at + 2] << 8 | encoded[at + 3];
    if (marker == kEndOfImage) break;
    if (marker == 0 || marker == 1 || is_restart(marker) || marker == kDefineLines) return false;
    if (length < 2 || at + 2 + length > encoded.size()) return false;
    const Bytes content = encoded.subspan(at + 4, length - 2);
    at += 2 + length;
    if (marker == kBaseline || marker == kExtended || marker == kProgressive) {
      progressive = marker == kProgressive;
      if (!progress.begin_frame(content)) return false;
    } else if (marker == kStartOfScan) {
      if (!progress.add_scan(content, progressive)) return false;
      at = end_of_coded_data(encoded, at);
    }
  }
  return at + 2 <= encoded.size() && encoded[at] == 0xff && encoded[at + 1] == kEndOfImage &&
         progress.is_complete();
}

}  // namespace echelon::image
