// classes.json: what a model's classes are called. Format: docs/formats/checkpoint.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace echelon::checkpoint {

/// `names`: UTF-8, by the number of the class.
std::string render_class_names(const std::vector<std::string>& names);

/// Throws CheckpointError that names `file`: no list of texts.
std::vector<std::string> parse_class_names(std::string_view text, const std::string& file);

}  // namespace echelon::checkpoint
