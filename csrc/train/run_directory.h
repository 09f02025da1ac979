// The folder of a run: OUTPUT/NAME/{config.yaml, metrics.jsonl, events.out.tfevents.…, checkpoints/}.
#pragma once

#include <string>

#include "comm/communicator.h"
#include "common/file.h"

namespace echelon::train {

/// Chooses and makes the folder on rank 0 and tells every rank its path. With `fresh`, a folder that holds a
/// run already is left alone and NAME-2, NAME-3, … is taken. Collective. Throws ConfigError when it cannot be
/// made.
fs::path make_run_directory(const fs::path& output, const std::string& name, bool fresh, Communicator& comm);

}  // namespace echelon::train
