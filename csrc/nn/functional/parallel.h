// Loops over LibTorch's threads.
#pragma once

#include <cstdint>
#include <functional>

namespace echelon::nn {

/// Calls body(begin, end) for parts that together make [0, count), each of at least `grain`, on LibTorch's
/// threads. In them gradients are not recorded, autocast is off and LibTorch's operations run on one thread.
void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace echelon::nn
