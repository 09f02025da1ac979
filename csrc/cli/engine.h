// The door between the program and libechelon.so.
#pragma once

#include "cli/arguments.h"

namespace echelon::cli {

using EngineEntry = int (*)(const Arguments&);
inline constexpr const char* kEngineSymbol = "echelon_run";

}  // namespace echelon::cli

/// Runs a verb that needs LibTorch or MPI and returns the exit code. Never throws.
extern "C" __attribute__((visibility("default"))) int echelon_run(const echelon::cli::Arguments& arguments);
