// Element-wise reductions over host memory: what the backends compute with.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "comm/communicator.h"

namespace echelon {

/// Whether communicators move tensors of this type.
bool is_element_type(at::ScalarType type);

/// "float32", as in YAML and messages.
const char* element_name(at::ScalarType type);

/// destinations[*][i] = sources[0][i] ⊕ sources[1][i] ⊕ … for i < elements, in that order, so that every
/// caller gets the same bits. kMean adds and divides by `divisor`; kSum ignores it. float16 and bfloat16
/// accumulate in float32 and round once. A not-a-number in any source stays one, also under kMin and kMax. A
/// destination may be a source. At least one source; arrays otherwise do not overlap. Throws InternalError
/// for kMean of an integer type.
void reduce_elements(at::ScalarType type, Reduce op, double divisor,
                     std::span<const std::byte* const> sources, std::span<std::byte* const> destinations,
                     int64_t elements);

}  // namespace echelon
