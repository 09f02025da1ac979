#include "comm/operation_queue.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>

#include "common/error.h"

namespace echelon {

struct OperationQueue::State {
  using Lock = std::unique_lock<std::mutex>;

  void run_front(Lock& lock);
  void work(Lock& lock);

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Task>> waiting;
  bool running = false;
  bool stopping = false;
  std::function<void()> poll;
  std::chrono::duration<double> poll_interval{};
};

class OperationQueue::Task final : public WorkState {
 public:
  Task(std::shared_ptr<State> state, std::function<void()> operation)
      : state_(std::move(state)), operation_(std::move(operation)) {}

  bool done() override {
    const std::lock_guard lock(state_->mutex);
    return done_;
  }

  void wait() override {
    State::Lock lock(state_->mutex);
    while (!done_) {
      if (!state_->running)
        state_->run_front(lock);
      else
        state_->changed.wait(lock);
    }
    if (error_) std::rethrow_exception(error_);
  }

  /// Without the lock.
  std::exception_ptr run() const {
    try {
      operation_();
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }

  void finish(std::exception_ptr error) {
    error_ = std::move(error);
    operation_ = nullptr;
    done_ = true;
  }

 private:
  std::shared_ptr<State> state_;
  std::function<void()> operation_;
  std::exception_ptr error_;
  bool done_ = false;
};

void OperationQueue::State::run_front(Lock& lock) {
  const std::shared_ptr<Task> task = waiting.front();
  waiting.pop_front();
  running = true;
  lock.unlock();
  std::exception_ptr error = task->run();
  lock.lock();
  task->finish(std::move(error));
  running = false;
  changed.notify_all();
}

void OperationQueue::State::work(Lock& lock) {
  while (!stopping) {
    if (!running && !waiting.empty()) {
      run_front(lock);
    } else if (!poll) {
      changed.wait(lock);
    } else if (changed.wait_for(lock, poll_interval) == std::cv_status::timeout && !running) {
      running = true;  // the poll stands in the order of the operations
      lock.unlock();
      poll();
      lock.lock();
      running = false;
      changed.notify_all();
    }
  }
}

OperationQueue::OperationQueue() : state_(std::make_shared<State>()) {}

OperationQueue::~OperationQueue() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (const auto& task : state_->waiting) {
      task->finish(std::make_exception_ptr(
          CommError("an operation was given up: its communicator was destroyed before it began")));
    }
    state_->waiting.clear();
  }
  state_->changed.notify_all();
  if (thread_.joinable()) thread_.join();
}

Work OperationQueue::submit(std::function<void()> operation) {
  auto task = std::make_shared<Task>(state_, std::move(operation));
  {
    const std::lock_guard lock(state_->mutex);
    state_->waiting.push_back(task);
    if (!thread_.joinable()) {
      thread_ = std::thread([state = state_] {
        State::Lock held(state->mutex);
        state->work(held);
      });
    }
  }
  state_->changed.notify_all();
  return task;
}

void OperationQueue::drain() {
  State::Lock lock(state_->mutex);
  while (state_->running || !state_->waiting.empty()) {
    if (!state_->running)
      state_->run_front(lock);
    else
      state_->changed.wait(lock);
  }
}

bool OperationQueue::idle() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->running && state_->waiting.empty();
}

void OperationQueue::poll_when_idle(std::function<void()> poll, double seconds) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->poll = std::move(poll);
    state_->poll_interval = std::chrono::duration<double>(seconds);
    if (!thread_.joinable()) {
      thread_ = std::thread([state = state_] {
        State::Lock held(state->mutex);
        state->work(held);
      });
    }
  }
  state_->changed.notify_all();
}

}  // namespace echelon
