// Base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace echelon::tokenizer {

/// Nothing when it is malformed. Padding must be there.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace echelon::tokenizer
