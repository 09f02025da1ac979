// What keeps data from being loaded faster, and what to do about it.
#pragma once

#include <string>

#include "bench/measurement.h"
#include "data/loading_settings.h"

namespace echelon::bench {

/// A sentence: what takes most of the time, and which setting helps.
std::string describe_limit(const Measurement& total, const data::LoadingSettings& settings);

}  // namespace echelon::bench
