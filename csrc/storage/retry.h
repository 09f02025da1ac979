// Another attempt at what may succeed the next time: object stores refuse, stall and cut connections.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/error.h"

namespace echelon::storage {

/// A failure that may pass: a refused connection, a time-out, half an answer, HTTP 429 and 5xx.
struct TransientError : DataError {
  explicit TransientError(const std::string& message) : DataError(message) {}
};

struct RetryPolicy {
  int attempts = 8;             ///< in all
  double first_delay = 0.2;     ///< seconds before the second attempt
  double growth = 2.0;          ///< of the delay, from attempt to attempt
  double longest_delay = 15.0;  ///< seconds
  double time_limit = 120.0;    ///< seconds from the first attempt on, after which no further one starts
};

/// Calls `action` until it returns, waiting longer each time (between half of the delay and all of it, at
/// random, so that the ranks of a job do not come back together). Only TransientError is retried. The last
/// attempt's reason is thrown as UnavailableError with `what`, the number of attempts and the time they took.
/// From the third attempt on, each is announced by a warning.
void retry(const RetryPolicy& policy, std::string_view what, const std::function<void()>& action);

}  // namespace echelon::storage
