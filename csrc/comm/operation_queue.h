// The operations of a communicator in call order: run by one thread in the background, or by whoever waits
// for them.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "comm/communicator.h"

namespace echelon {

/// A caller that waits at once runs its operation itself, without a change of thread.
class OperationQueue {
 public:
  OperationQueue();
  /// Operations that have not begun fail with CommError; waits for the one that runs.
  ~OperationQueue();
  OperationQueue(const OperationQueue&) = delete;
  OperationQueue& operator=(const OperationQueue&) = delete;

  /// What `operation` throws, its Work throws to everyone who waits.
  Work submit(std::function<void()> operation);
  /// Runs everything queued so far. Does not throw.
  void drain();
  bool idle() const;
  /// From now on the thread calls `poll` every `seconds` while it has nothing to do.
  void poll_when_idle(std::function<void()> poll, double seconds);

 private:
  class Task;
  struct State;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace echelon
