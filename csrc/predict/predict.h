// `echelon predict`: a model, rows in files, predictions in files.
#pragma once

#include "comm/world.h"
#include "common/error.h"
#include "predict/settings.h"

namespace echelon::predict {

/// Collective over the ranks of the job. Throws ConfigError, DataError, CheckpointError, CommError.
ExitCode predict(const PredictSettings& settings, const ProcessEnvironment& environment);

}  // namespace echelon::predict
