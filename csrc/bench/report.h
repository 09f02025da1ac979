// A measurement for people.
#pragma once

#include <string>
#include <vector>

#include "bench/measurement.h"

namespace echelon::bench {

/// For a terminal: times, rates, stages and ranks, with what limits them last. Many ranks are shown as the
/// slowest and the fastest of them.
std::string to_text(const Subject& subject, const std::vector<RankMeasurement>& ranks);

}  // namespace echelon::bench
