// What a run says of itself before the first step.
#pragma once

#include <string>

#include "common/file.h"
#include "train/job.h"
#include "train/trainer.h"

namespace echelon::train {

/// A few lines: ranks, devices, model, batch arithmetic, data, length, where output goes, and what it
/// continues from.
std::string summarise(const TrainSettings& settings, const std::string& name, Ranks& ranks, Job& job,
                      const Trainer& trainer, const fs::path& run_directory);

}  // namespace echelon::train
