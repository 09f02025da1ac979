// `${NAME}` and `${NAME:-default}` in scalars.
#pragma once

#include "config/node.h"

namespace echelon::config {

/// Replaces environment variables in every scalar below `node`; `$$` becomes `$`. What names a
/// variable is text or number as the field needs, in quotes or not. A variable that is not set and has no
/// default is a problem where it stands.
void substitute_environment(Node& node, Problems& problems);

}  // namespace echelon::config
