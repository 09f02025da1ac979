// Single values: text to bool, number, text, path or enum, with the message that helps most when it is none.
#pragma once

#include <string>

#include "config/node.h"
#include "config/read.h"
#include "config/type.h"

namespace echelon::config {

/// Stores the node's value at `out`, an object of `type` (a scalar kind). Returns what is wrong with it
/// ("expected an integer, found 3.5"), or an empty text; then `out` is unchanged. `files`:
/// whether Limits::must_exist counts.
std::string read_scalar(const Type& type, const Node& node, void* out, InputFiles files);

/// Loads and stores integers of 1, 2, 4 or 8 bytes, as enums have them.
int64_t load_integer(const void* from, int bytes);
void store_integer(void* to, int bytes, int64_t value);

}  // namespace echelon::config
