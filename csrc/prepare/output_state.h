// What rank 0 finds in the output folder, and makes of it.
#pragma once

#include <optional>
#include <string>

#include "prepare/manifest.h"
#include "work/work_folder.h"

namespace echelon::prepare {

/// The state of a preparation that is not finished: `.prepare` in its output folder.
work::WorkFolder work_folder_of(const fs::path& output, const std::string& attempt = {});

/// Makes the folder ready for the preparation that `wanted` describes (its files and counts play no part),
/// all of it or what is missing. Nothing: everything is there already. Throws ConfigError where the folder
/// holds something else and `overwrite` is not set, DataError where it cannot be written.
std::optional<work::WorkFolder> take_output(const fs::path& folder, const Manifest& wanted, bool overwrite);

}  // namespace echelon::prepare
