// A preparation from its beginning, or from where it was ended, to its manifest.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/file.h"
#include "work/task.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

struct JobSettings {
  std::string kind;
  std::string settings;  ///< YAML, of those that decide what is made
  fs::path output;
  int threads = 1;
  bool overwrite = false;
};

/// Makes the units of `task`, which all ranks have alike, each unit on whichever rank is free; what an
/// earlier attempt made is kept. Collective. Throws ConfigError where the output folder holds something else,
/// and what the first unit to fail threw; what is done by then stays for the next attempt.
void run_job(const JobSettings& settings, const work::Task& task, Communicator& comm);

}  // namespace echelon::prepare
