// Names of files as people write them: brace ranges and globs, on disk and in object stores.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"
#include "storage/file_system.h"

namespace echelon::storage {

/// A pattern that no file matches, or a name that is not there, yet.
struct NoMatchError : DataError {
  using DataError::DataError;
};

/// Each of `patterns` in order: `{000..004}` counts (digits as wide as they are written, either way round),
/// `{a,b}` lists, both may nest and repeat; then `*`, `?` and `[…]` match existing files, sorted by bytes,
/// and never a slash. A name without wildcards must exist. Object stores are asked through `stores`. Throws
/// NoMatchError for what is not there, DataError for one that is malformed or names more than a
/// million files.
std::vector<std::string> expand_patterns(const std::vector<std::string>& patterns, FileSystems& stores);

/// The same for local names; names of object stores keep their wildcards and are not looked up.
std::vector<std::string> expand_patterns(const std::vector<std::string>& patterns);

/// The brace part alone, without looking anywhere.
std::vector<std::string> expand_braces(const std::string& pattern);

/// Whether `*`, `?` or `[` is in it.
bool has_wildcards(const std::string& path);

}  // namespace echelon::storage
