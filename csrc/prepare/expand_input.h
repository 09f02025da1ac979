// The files that are prepared.
#pragma once

#include <string>
#include <vector>

#include "config/declare.h"
#include "storage/storage.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// Those that paths, globs and ranges name, as rank 0 sees them. Collective. Throws what Storage::expand()
/// throws, on every rank the same.
std::vector<std::string> expand_input(const std::vector<config::InputPath>& patterns,
                                      storage::Storage& storage, Communicator& comm);

}  // namespace echelon::prepare
