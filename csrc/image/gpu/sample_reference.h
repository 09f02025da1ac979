// The steps of sample_arithmetic.h in plain loops: the reference for the kernels in sample_kernels.cu.
#pragma once

#include "image/gpu/sample_plan.h"

namespace echelon::image {

/// Writes the sample at `target`; `planes` and `target` are in host memory.
void make_sample(const PlannedSample& sample, const YccPlanes& planes, void* target);

}  // namespace echelon::image
