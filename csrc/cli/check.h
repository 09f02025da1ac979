// The verbs that only look at configuration.
#pragma once

#include "cli/arguments.h"

namespace echelon::cli {

/// Loads the configuration; throws ConfigError with every problem. Prints one line when there is none.
int check(const Arguments& arguments);

/// Prints the JSON Schema or the reference page.
int print_schema(const Arguments& arguments);

}  // namespace echelon::cli
