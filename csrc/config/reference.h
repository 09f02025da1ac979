// The reference page of a described struct.
#pragma once

#include <string>

#include "config/type.h"

namespace echelon::config {

/// Markdown: one table a section, with key, type, default, allowed values and help. The same text at every
/// call.
std::string reference_text(const Section& root, const std::string& title);

}  // namespace echelon::config
