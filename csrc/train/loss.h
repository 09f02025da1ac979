// The loss of a run.
#pragma once

#include "nn/loss.h"
#include "train/settings.h"

namespace echelon::train {

/// As the settings say, or as the data need: cross entropy for classes and tokens, squared errors for
/// numbers.
nn::LossOptions loss_options(const TrainSettings& settings);

}  // namespace echelon::train
