// Names of files as people write them: brace ranges and globs.
#pragma once

#include <string>
#include <vector>

namespace echelon::data {

/// Each of `patterns` in order: `{000..004}` counts (digits as wide as they are written, either way round),
/// `{a,b}` lists, both may nest and repeat; then `*`, `?` and `[…]` match existing files, sorted by bytes. A
/// name without wildcards must exist. Throws DataError for a pattern that is malformed, matches nothing, or
/// names more than a million files.
std::vector<std::string> expand_patterns(const std::vector<std::string>& patterns);

/// The brace part alone, without looking at the disk.
std::vector<std::string> expand_braces(const std::string& pattern);

}  // namespace echelon::data
