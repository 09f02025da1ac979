// The libraries that Echelon brings along and opens when they are needed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace echelon {

/// Where the library of the name `file` is looked for: in the folder of the library or program that holds
/// this code, in the one above, and in that one's lib/.
std::vector<std::filesystem::path> own_library_paths(const std::string& file);

}  // namespace echelon
