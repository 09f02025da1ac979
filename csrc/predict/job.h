// Batches of files, one after the other, from what is there to what the mode asks for.
#pragma once

#include <functional>
#include <string>

#include "common/error.h"
#include "predict/scorer/scorer.h"
#include "predict/settings.h"

namespace echelon {
class Communicator;
}

namespace echelon::predict {

struct JobModel {
  const Scorer& scorer;
  std::string path;
  std::string digest;
  std::string version;
};

struct JobOptions {
  int threads = 1;  ///< each with a unit
  int chunks = 1;   ///< that are scored at once, of all units together
  /// Asked four times a second on every rank; true: end with what is begun.
  std::function<bool()> stop{};
};

/// Scores what is to be scored; an earlier attempt that ended in the middle is finished first. kInterrupted
/// when `stop` ended it before its time (never in Mode::kFollow, which ends no other way). Collective. Throws
/// on every rank the same: ConfigError and DataError as OutputState, make_plan and PredictTask.
ExitCode run_job(const PredictSettings& settings, const JobModel& model, const JobOptions& options,
                 Communicator& comm);

}  // namespace echelon::predict
