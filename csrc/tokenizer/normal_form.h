// Unicode's normal forms, of the version that the reference follows (unicode.h).
#pragma once

#include <string>
#include <string_view>

namespace echelon::tokenizer {

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };

/// `text` must be well-formed UTF-8.
std::string to_normal_form(std::string_view text, NormalForm form);

}  // namespace echelon::tokenizer
