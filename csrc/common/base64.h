// Bytes as text: base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace echelon {

/// With padding, without line breaks.
std::string encode_base64(std::string_view bytes);

/// Nothing when it is malformed. Padding must be there.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace echelon
