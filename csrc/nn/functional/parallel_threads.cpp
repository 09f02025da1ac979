// Stands in for parallel.cpp under the thread sanitizer, which does not see how LibTorch's OpenMP threads
// wait for each other.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "nn/functional/parallel.h"

namespace echelon::nn {

void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  const auto run = [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowAutograd no_gradient;
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    if (begin < end) body(begin, end);
  };
  const int64_t parts = std::clamp<int64_t>(count / std::max<int64_t>(grain, 1), 1, at::get_num_threads());
  std::vector<std::jthread> threads;
  for (int64_t part = 1; part < parts; ++part) {
    threads.emplace_back(run, count * part / parts, count * (part + 1) / parts);
  }
  run(0, count / parts);
}

}  // namespace echelon::nn
