// The verbs `train` and `evaluate`, from settings to exit code.
#pragma once

#include <string>

#include "comm/world.h"
#include "common/error.h"
#include "train/settings.h"

namespace echelon::train {

/// What the command line says beside the settings.
struct RunRequest {
  std::string name;             ///< of the run, unless the settings name it
  std::string resolved_config;  ///< YAML, stored with the run and its checkpoints
  std::string checkpoint;       ///< evaluate: which; empty: the best of the run, else its newest
  std::string output;           ///< evaluate: folder for the results; empty: `evaluation` in that of the run
};

/// Trains; kInterrupted when a signal stopped the run after a checkpoint. Collective over the ranks of
/// `environment`. An error on one rank is told to all before it is thrown on.
ExitCode train(const TrainSettings& settings, const RunRequest& request,
               const ProcessEnvironment& environment);

/// Scores a checkpoint on the test data, prints the metrics and writes evaluation.json and evaluation.html
/// (docs/evaluate.md). Collective, errors as of train().
ExitCode evaluate(const TrainSettings& settings, const RunRequest& request,
                  const ProcessEnvironment& environment);

}  // namespace echelon::train
