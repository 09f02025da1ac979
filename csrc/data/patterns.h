// Names of files as people write them: storage/patterns.h.
#pragma once

#include "storage/patterns.h"

namespace echelon::data {

using storage::expand_braces;
using storage::expand_patterns;

}  // namespace echelon::data
