// How much room text takes in a picture.
#pragma once

#include <string_view>

namespace echelon::train {

/// About, and rather more than, the pixels of UTF-8 `text` on one line in the usual sans-serif fonts at 11
/// pixels.
double text_width(std::string_view text);

}  // namespace echelon::train
