// Bytes as text: base64 (RFC 4648, section 4).
#pragma once

#include <string>
#include <string_view>

namespace echelon {

/// With padding, without line breaks.
std::string encode_base64(std::string_view bytes);

}  // namespace echelon
