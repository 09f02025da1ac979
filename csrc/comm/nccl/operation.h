// What the watchdog sees of an operation in flight, and the failure that ends them all. Nothing
// here needs CUDA.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "comm/ledger.h"

namespace echelon {

/// Why a communicator has failed; shared by all that may notice it. Thread-safe.
class NcclFailure {
 public:
  void raise(const std::string& reason);  ///< the first reason stays
  bool raised() const { return raised_.load(std::memory_order_acquire); }
  void check() const;  ///< throws CommError once raised

 private:
  mutable std::mutex mutex_;
  std::string reason_;
  std::atomic<bool> raised_ = false;
};

/// Thread-safe. The functions throw InternalError when the device has failed.
class NcclOperation {
 public:
  virtual ~NcclOperation() = default;
  virtual const LedgerEntry& entry() const = 0;
  virtual bool inputs_ready() const = 0;  ///< what this rank computes before it is done
  virtual bool finished() const = 0;      ///< unlike WorkState::done(), does not throw after a failure
};

}  // namespace echelon
