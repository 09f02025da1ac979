// The alphabet of byte-level tokens: a visible character for each byte (Radford et al., "Language Models are
// Unsupervised Multitask Learners", 2019).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace echelon::tokenizer {

/// The character that stands for each byte: itself where it is visible, else the next free one from U+0100
/// on.
const std::array<std::string, 256>& byte_alphabet();

std::string bytes_to_characters(std::string_view bytes);

/// Nothing when a character stands for no byte. `characters` must be well-formed UTF-8.
std::optional<std::string> characters_to_bytes(std::string_view characters);

}  // namespace echelon::tokenizer
