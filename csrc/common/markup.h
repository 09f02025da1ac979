// Text within HTML, SVG and XML.
#pragma once

#include <string>
#include <string_view>

namespace echelon {

/// `text` with &, < and > written as entities.
std::string escape_markup(std::string_view text);

}  // namespace echelon
