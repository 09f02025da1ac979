#include "storage/retry.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "common/clock.h"
#include "common/format.h"
#include "common/log.h"
#include "common/random.h"
#include "storage/unavailable_error.h"

namespace echelon::storage {
namespace {

/// Differs between processes, threads and calls, as it must: nothing that is computed depends on it.
double random_share() {
  static std::atomic<uint64_t> calls = 0;
  uint64_t key = derive_key(static_cast<uint64_t>(::getpid()), static_cast<uint64_t>(unix_time() * 1e6));
  return RandomStream(derive_key(key, ++calls)).uniform(0.5, 1.0);
}

}  // namespace

void retry(const RetryPolicy& policy, std::string_view what, const std::function<void()>& action) {
  const Stopwatch watch;
  double delay = policy.first_delay;
  for (int attempt = 1;; ++attempt) {
    try {
      action();
      return;
    } catch (const TransientError& error) {
      const double wait = delay * random_share();
      if (attempt >= policy.attempts || watch.seconds() + wait > policy.time_limit) {
        throw UnavailableError(str_format("{}: gave up after {} {} in {}; the last reason: {}", what, attempt,
                                          attempt == 1 ? "attempt" : "attempts",
                                          human_seconds(watch.seconds()), error.what()));
      }
      if (attempt >= 2)
        log::warning("{}: attempt {} of {} failed, next in {}: {}", what, attempt, policy.attempts,
                     human_seconds(wait), error.what());
      std::this_thread::sleep_for(std::chrono::duration<double>(wait));
      delay = std::min(delay * policy.growth, policy.longest_delay);
    }
  }
}

}  // namespace echelon::storage
