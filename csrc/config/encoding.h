// Whether bytes are text that YAML allows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace echelon::config {

struct BadCharacter {
  int line;    ///< from 1
  int column;  ///< from 1, in bytes, as everywhere in Echelon's messages
  std::string message;
};

/// The first byte that is not well-formed UTF-8 (Unicode 15, table 3-7) or a control character other than tab
/// and line end; nothing when the text is sound.
std::optional<BadCharacter> find_bad_character(std::string_view text);

}  // namespace echelon::config
