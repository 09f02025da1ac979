// The steps of sample_arithmetic.h as kernels, one thread an element. sample_reference.h is the same on the
// CPU.
#pragma once

#include <cuda_runtime_api.h>

#include "image/gpu/sample_plan.h"

namespace echelon::image {

/// Queues the three steps on `stream`. All pointers, those of the plan as well, are of the current device;
/// `colours` and `narrow` have room for PlannedSample::colour_bytes() and narrow_bytes(). Returns what
/// launching gave.
cudaError_t launch_sample(const SamplePlan& plan, uint8_t* colours, uint8_t* narrow, void* target,
                          cudaStream_t stream);

}  // namespace echelon::image
