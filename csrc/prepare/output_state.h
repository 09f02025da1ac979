// What rank 0 finds in the output folder, and makes of it.
#pragma once

#include "prepare/manifest.h"
#include "work/work_folder.h"

namespace echelon::prepare {

enum class OutputState {
  kComplete,  ///< everything is there already
  kBegun,     ///< work is to be done: all, or what is missing of it
};

/// The state of a preparation that is not finished: `.prepare` in its output folder.
work::WorkFolder work_folder_of(const fs::path& output);

/// Makes the folder ready for the preparation that `wanted` describes (its files and counts play no part).
/// Throws ConfigError where the folder holds something else and `overwrite` is not set, DataError where it
/// cannot be written.
OutputState take_output(const fs::path& folder, const Manifest& wanted, bool overwrite);

}  // namespace echelon::prepare
