// `echelon prepare KIND`: raw data into what training reads fast.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"

namespace echelon {
class ProcessEnvironment;
}

namespace echelon::prepare {

struct Request {
  std::string kind;                    ///< of kKinds
  std::string config;                  ///< YAML file; empty: the overrides say everything
  std::vector<std::string> overrides;  ///< key.path=value
};

/// Collective over the ranks of the job. Throws ConfigError, DataError.
ExitCode prepare(const Request& request, const ProcessEnvironment& environment);

}  // namespace echelon::prepare
