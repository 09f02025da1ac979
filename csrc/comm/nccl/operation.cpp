#include "comm/nccl/operation.h"

#include "common/error.h"

namespace echelon {

void NcclFailure::raise(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (raised()) return;
  reason_ = reason;
  raised_.store(true, std::memory_order_release);
}

void NcclFailure::check() const {
  if (!raised()) return;
  const std::lock_guard lock(mutex_);
  throw CommError(reason_);
}

}  // namespace echelon
